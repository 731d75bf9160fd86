"""Words for nationalities, peoples, languages and religions."""

_WORDS = """
Afghan Afghani African Afrikaner Albanian Algerian American Andorran Angolan Antiguan Arab Arabian Arabic Argentine
Argentinian Argentinean Armenian Asian Assyrian Athenian Australian Austrian Aztec Azerbaijani Azeri Bahamian
Bahraini Bangladeshi Barbadian Basque Bavarian Belarusian Belgian Bengali Berber Bermudian Bhutanese Bolivian
Bosnian Brazilian Breton Briton Britons British Bulgarian Burmese Burundian Byzantine Californian Cambodian
Cameroonian Canadian Cantonese Caribbean Castilian Catalan Caucasian Celtic Chadian Chechen Cherokee Chilean Chinese
Colombian Congolese Cornish Corsican Cossack Creole Croat Croatian Cuban Cypriot Czech Czechoslovak Dane Danish
Danes Dominican Dutch Dutchman Ecuadorian Egyptian Emirati English Englishman Englishmen Eritrean Estonian Ethiopian
Eurasian European Fijian Filipino Filipina Finn Finnish Finns Flemish Floridian Francophone French Frenchman
Frenchmen Gabonese Gaelic Galician Gambian Georgian German Germanic Ghanaian Greek Grenadian Guatemalan Guinean
Gujarati Gurkha Guyanese Haitian Hawaiian Hebrew Hindi Hispanic Honduran Hungarian Icelander Icelandic Inca Indian
Indonesian Inuit Iranian Iraqi Irish Irishman Islamic Israeli Italian Ivorian Jamaican Japanese Javanese Jewish Jew
Jews Jordanian Kazakh Kenyan Khmer Korean Kosovar Kurd Kurdish Kurds Kuwaiti Kyrgyz Lao Laotian Latin Latino Latina
Latvian Lebanese Liberian Libyan Lithuanian Londoner Luxembourgish Macedonian Malagasy Malawian Malay Malayan
Malaysian Maldivian Malian Maltese Manchu Mandarin Maori Mauritanian Mauritian Maya Mayan Mexican Moldovan Mongol
Mongolian Montenegrin Moorish Moroccan Mozambican Namibian Navajo Nepalese Nepali Nicaraguan Nigerian Nigerien
Norman Norse Norwegian Omani Ottoman Pakistani Palestinian Panamanian Papuan Paraguayan Parisian Parthian Pashtun
Persian Peruvian Philippine Phoenician Pole Poles Polish Polynesian Portuguese Prussian Punjabi Qatari Roman Romani
Romanian Russian Rwandan Salvadoran Samoan Saudi Saxon Scandinavian Scot Scots Scottish Scotch Senegalese Serb
Serbian Serbs Siberian Sicilian Sikh Singaporean Sinhalese Slav Slavic Slovak Slovakian Slovene Slovenian Somali
Soviet Spaniard Spaniards Spanish Spartan Sudanese Sumerian Swahili Swede Swedes Swedish Swiss Syrian Tahitian
Taiwanese Tajik Tamil Tanzanian Tatar Texan Thai Tibetan Tongan Trinidadian Tunisian Turk Turkic Turkish Turkmen
Turks Tuscan Ugandan Ukrainian Urdu Uruguayan Uyghur Uzbek Venetian Venezuelan Victorian Viennese Vietnamese Viking
Visigothic Welsh Welshman Yemeni Yiddish Yugoslav Yugoslavian Yoruba Zambian Zimbabwean Zulu Muslim Muslims
Christian Christians Catholic Catholics Protestant Buddhist Hindu Hindus Sunni Shia Shiite Anglican Lutheran
Methodist Mormon Presbyterian Orthodox Afrikaans Amharic Sanskrit
"""
DEMONYMS = frozenset(_WORDS.split())
DEMONYMS |= {word + "s" for word in DEMONYMS if word.endswith(("an", "i", "ot", "ole", "ine"))}
