"""Sentences made from patterns: kinds of text that no free corpus has, with names drawn from lists.

Mail, chat, minutes, invoices, curricula vitae, headlines, results of matches, market reports, subtitles; words that are
names elsewhere (`Bill`, `Grace`); names with hyphens. The patterns were written for this purpose.
"""

from __future__ import annotations

import random
import re

from benchmarks.recipes.lists import Lists
from benchmarks.recipes.text import Document, Sentence, Span, Steps

SEED = 29
EACH = 16  # sentences a pattern

LABELS = {
    **dict.fromkeys(["given", "last", "full", "short"], "PER"),
    **dict.fromkeys(["town", "country", "state"], "LOC"),
    **dict.fromkeys(["club", "side", "company", "body"], "ORG"),
    **dict.fromkeys(["event", "demonym"], "MISC"),
}

# Tokens are parted by blanks. {kind} is a name; others are words.
_MAIL = """
Hi {given} ,
Hello {given} ,
Hey {given} ,
Hi {given} and {given} ,
Dear {given} ,
Dear Mr {last} ,
Dear Mr. {last} ,
Dear Ms {last} ,
Dear Mrs. {last} ,
Dear Dr. {last} ,
Dear Professor {last} ,
Dear Mr and Mrs {last} ,
Dear {full} ,
Dear all ,
Dear team ,
Dear Sir or Madam ,
Dear colleagues ,
Good morning {given} ,
Good evening Ms {last} ,
Thanks {given} !
Thanks , {given}
Thank you so much {given} .
Best , {given}
Best regards , {full}
Kind regards {full}
Kind regards ,
With best wishes ,
Yours sincerely , {full}
Cheers , {given}
Love , {given} xx
See you soon , {given}
From : {full}
To : {full} ; {full}
Cc : {full}
Subject : Meeting in {town} on {weekday}
Subject : Re : contract with {company}
Sent : {weekday} , {n} {month} {year} {time}
On {weekday} , {n} {month} {year} at {time} , {full} wrote :
{full} | {role} | {company}
{full} , {role} , {company} , {town}
{role} , {company}
{company} , {n} {street} , {town}
{n} {street} , {town} , {state} {n}
{company} · {n} {street} · {town} · {country}
Tel . {n} {n} | Mobile {n} | Fax {n}
Please forward this to {given} in {town} before {weekday} .
I spoke to {given} {last} from {company} yesterday and she agreed .
Could you ask {given} whether the keys for the {town} office have arrived ?
My flight from {town} to {town} was cancelled , so {given} will present instead .
Our lawyers at {company} want to hear from {company} by {month} .
I will be out of the office until {weekday} ; please contact {full} .
Mr. {last} and Mrs. {last} have moved to {town} , {country} .
As discussed with Ms {last} , the goods leave {town} on {weekday} .
We stayed two nights in {town} and then took the train to {town} .
Is {given} still at {company} or has he gone to {company} ?
Hope you are well and had a good weekend .
May I remind you of the invoice that was due in {month} ?
Will {given} be there , or should I ask {given} ?
"""
_CHAT = """
{given} : are you coming to {town} on {weekday} ?
{given} : ok
{given} : lol no
[ {time} ] {given} : who has the keys ?
[ {time} ] {full} : {given} is late again
{time} {given} joined the channel
@ {given} can you look at this ?
{given} ? you there ?
ask {given} , she knows
pretty sure {given} moved to {town} last year
anyone here work for {company} ?
just saw {given} {last} at the airport in {town} !!!
{company} is down again , {given} is on it
omg {given} got the job at {company}
happy birthday {given} !!
going to {town} with {given} and {given} tomorrow :)
so {club} lost again ...
watching {club} v {club} tonight ?
{club} till i die
{company} support told me to wait three days
i love {town} in {month}
anyone going to the {event} this year ?
thx {given} u r the best
"""
_MINUTES = """
Present : {full} , {full} , {full} ( chair )
Attendees : {given} , {given} , {given} and {given}
Apologies : {full} , {full}
Chair : {full}
Minutes taken by {given} {last} .
Action : {given} to send the draft to {company} by {n} {month} .
ACTION - {given} / {given}
{given} reported that {company} had signed the lease in {town} .
{last} asked for the figures of the {town} branch .
Mr {last} proposed , Mrs {last} seconded .
{given} {last} will represent the {body} in {country} .
The board thanked {full} for ten years of work .
1 . Welcome ( {given} )
2 . Budget ( {given} {last} , {n} min )
AOB : {given} to book a room for {weekday} .
Next meeting : {weekday} {n} {month} , {town} office .
"""
_PAPERS = """
Bill to : {company}
Bill to : {full}
Ship to : {full} , {n} {street} , {town} , {country}
Sold to {company} , attn. {full}
Supplier : {company} , {town}
Customer : {company}
Contact : {full}
Payable to {company} , {town} , {country}
Bank : {company}
Invoice no. {n} , {n} {month} {year}
Total due : {n} , {n} days net
Prepared by {full} for {company}
Signed in {town} , {n} {month} {year}
Name : {full}
Place of birth : {town} , {country}
Nationality : {demonym}
Address : {n} {street} , {town}
Account holder : {full}
This agreement is made between {company} ( the “ Supplier ” ) and {company} ( the “ Customer ” ) .
The tenant , {full} , shall pay the landlord , {full} , on the first day of each month .
The laws of {country} apply ; the courts of {town} decide .
"""
_VITAE = """
{full}
{full} , born {n} {month} {year} in {town}
{role} , {company} , {town} , {year} – {year}
{year} - {year} {role} at {company} ( {town} )
{role} , {body} , since {year}
{body} , B.A. in History , {year}
M.Sc. in Physics , {body} , {year}
Languages : {demonym} ( native ) , {demonym} ( fluent ) , {demonym} ( basic )
References : Dr. {full} , {company}
Skills : spreadsheets , driving licence , first aid
Volunteer , {body} , {town}
Born in {town} , raised in {town} , {state} .
"""
_HEADLINES = """
{company} shares fall as {country} tightens rules
{company} to buy {company} for ${n} million
{company} cuts {n} jobs in {town}
{company} 's {last} to step down
{country} , {country} sign trade deal
{country} votes to leave fishing pact
{demonym} minister quits over leak
{demonym} troops leave {town}
{full} wins {town} mayoral race
{town} bridge to close for repairs
Fire at {town} factory kills two
{last} : We will not give up
{last} accuses {last} of lying
{club} sign {last} from {club}
{club} beat {club} {n} - {n}
{body} warns of cuts
{last} defends budget in {town} speech
Review : {given} {last} dazzles at the {event}
{country} to host {event}
Storm hits {state} coast , thousands without power
"""
_MATCHES = """
{side} {n} {side} {n}
{side} {n} {side} {n} ( halftime {n} - {n} )
{club} {n} {club} {n}
{side} v {side}
{side} vs. {club}
{side} at {side}
{side} {n} {n} {n} {n} {n} {n} {n}
{club} {n} {n} {n} {n} {n} {n} {n}
{n} . {side} {n} {n} {n} {n}
{country} {n} {country} {n}
{country} v {country}
{side} beat {side} {n} - {n} at home on {weekday} .
{side} lost {n} - {n} to {side} after extra time .
{last} scored twice as {side} came from behind to draw {n} - {n} with {side} .
{last} 's late goal gave {side} a {n} - {n} win over {club} .
{side} coach {full} said his players were tired .
{side} striker {last} will miss the match against {side} .
{side} : {full} {n} , {full} {n}
Scorers : {side} - {last} ( {n} ) , {last} ( {n} ) ; {side} - {last} ( {n} )
{full} ( {country} ) beat {full} ( {country} ) {n} - {n} {n} - {n}
{n} - {full} ( {country} ) beat {full} ( {country} ) {n} - {n} , {n} - {n}
{n} . {full} ( {country} ) {n} . {n} seconds
{n} . {short} ( {country} , {company} ) {n} points
{full} , {country} , {n}
{short} c {last} b {last} {n}
{short} lbw b {last} {n}
{short} not out {n}
Bowling : {last} {n} - {n} - {n} - {n} , {last} {n} - {n} - {n} - {n}
{country} won the toss and chose to bat .
{side} won the series {n} - {n} against {side} .
{side} moved two points clear of {side} at the top of the {demonym} league .
In {town} , {full} drove in three runs as {side} beat {side} {n} - {n} .
In {town} , the {club} won {n} - {n} .
The {club} traded {last} to the {club} for a pitcher .
At {side} , {short} {n} and {short} {n} put on {n} .
{demonym} first division results on {weekday} :
{demonym} champions {side} signed {country} midfielder {full} on {weekday} .
{full} of {country} won the {event} in {town} .
Defending champion {full} lost to {demonym} {full} in the first round of the {event} .
Standings ( tabulate under won , lost , percentage ) :
EASTERN DIVISION
W L PCT GB
SOCCER - {side} BEAT {side} .
SOCCER - {last} SIGNS FOR {club} .
TENNIS - {last} BEATS {last} IN {town} .
TENNIS - RESULTS AT THE {event} .
GOLF - {last} LEADS {event} AFTER SECOND ROUND .
CRICKET - {country} V {country} SCOREBOARD .
CRICKET - {side} WIN BY {n} RUNS .
BASEBALL - {side} SWEEP {side} .
RUGBY UNION - {last} OUT OF {country} SQUAD .
{town} : {side} {n} and {n} - {n} ( {short} {n} , {short} {n} ) v {side} .
{side} {n} ( {short} {n} not out ; {short} {n} - {n} ) , {side} {n} - {n} and {n}
{side} ( {n} pts ) beat {side} ( {n} ) by {n} wickets
{country} - {full} ( {n} ) , {full} ( {n} , penalty )
{club} of {country} face {club} of {country} in the {event} .
{side} goalkeeper {full} saved twice against {side} of {country} .
{short} ( {country} ) {n} , {short} ( {country} ) {n}
{n} {full} ( {country} ) {n} {n} {n}
{n} {short} ( {country} ) {n} {n} {n} {n}
{last} , bowling for {side} , took {n} for {n} against {side} .
In the {event} , {side} and {side} played out a draw .
Transfers : {full} ( {side} to {side} ) , {full} ( {side} to {club} )
Attendance : {n}
Referee : {full} ( {country} )
"""
_NEWS = """
{town} {n} - {n} - {n}
{town} , {country} {year} - {n} - {n}
{town} , {month} {n} - {company} said on {weekday} its profit rose {n} percent .
{company} said first - quarter net fell to {n} million from {n} million .
{company} chairman {full} told reporters in {town} that talks with {company} had failed .
Shares of {company} closed at {n} , up {n} .
“ We are buyers here , ” said {full} , an analyst at {company} in {town} .
-- {town} newsroom , {n} {n}
By {full}
{demonym} President {full} met {demonym} Prime Minister {full} in {town} on {weekday} .
{country} 's foreign minister , {full} , arrived in {town} for talks with {country} .
Police in {town} , {state} , said a man of {n} had been arrested .
The {body} said {country} should lower its rates .
{demonym} rebels killed {n} people near the town of {town} , the {body} said .
The {demonym} government and the {demonym} embassy in {town} did not comment .
{town} stocks ended higher , led by {company} and {company} .
Wheat from {country} arrived at {town} on board of two ships .
Officials of the {body} visited {town} , {town} and {town} .
{last} , who was born in {town} , joined {company} in {year} .
{full} , {n} , of {town} , was charged with fraud .
{given} {last} ( {demonym} , {n} ) painted mostly in {town} .
A spokesman for {company} , {full} , declined to name the bidder .
{company} and {company} plan to merge their {demonym} units .
The {event} opens in {town} on {weekday} .
"""
_HYPHENS = """
{town} - based {company} hired {n} people .
the {town} - born singer {full}
{last} - led talks failed in {town} .
a {demonym} - {demonym} dictionary
the {demonym} - {demonym} border
the {town} - {town} railway
a {country} - {country} match in {month}
pro - {demonym} marchers met in {town} .
anti - {last} posters
non - {demonym} members of the {body}
an {town} - wide strike
the {last} - {last} letters
ex - {company} manager {full}
{company} - owned {company}
the post - {event} mood
{given} - {given} {last} called from {town} .
{demonym} - speaking nurses
mid - {month} , near {town}
a self - employed painter from {town}
a state - of - the - art kitchen
"""
_NO_NAMES = """
Bill the client for two hours .
Grace is what we need now .
I had apple pie for dessert .
Will you come ?
May we ask you something ?
Mark the date in your calendar .
Rose petals were everywhere .
Frank talk helps .
Jack up the car first .
Chase the invoice , please .
Target reached , well done .
Turkey sandwiches and orange juice for six .
The china cups are in the cupboard .
Pat the dog .
Drew a line under it .
Sue them if they do not pay .
Reading the report took an hour .
Nice to meet you .
Hope it helps .
Faith can move mountains .
Joy and sorrow .
Dean of students ' office : second floor .
Summer is over .
Sandy beach , clear water .
Art is long .
Carol singers at the door .
Guy on the phone for you .
Rob nobody .
Page not found .
Please Reply By Email
Terms and Conditions
Table of Contents
Our Services
Frequently Asked Questions
Sign In To Your Account
Daily Report
Monthly Sales Figures
Delivery Note
Out Of Office
Meeting Notes
Opening Hours : Monday to Friday , {n} - {n}
Item , Quantity , Price
Qty Description Amount
Thank you for your order !
{n} x Printer paper , {n}
Status : Open
Priority : High
Dear Customer ,
Hi there ,
Hello everyone ,
"""
_SUBTITLES = """
- {given} , get down !
- {given} ? Is that you ?
[ {given} laughs ]
{given} , listen to me .
( {given} ) I told you so .
{last} : Nobody leaves this room .
Captain {last} , we lost contact with {town} .
My name is {full} .
I am {given} , from {town} .
You must be {given} 's brother .
Where is {given} ?
Doctor {last} will see you now .
Tell {given} I went back to {town} .
♪ {town} , my {town} ♪
"""
_COINED = """
{company} raised ${n} million from {company} and {company} .
I work at {company} now .
We moved everything to {company} last {month} .
{company} 's new app is slow .
Have you tried {company} ?
{company} , founded last year in {town} , has {n} employees .
Competitors include {company} , {company} and {company} .
The founders of {company} , {full} and {full} , met in {town} .
She left {company} for {company} .
{company} ( {town} )
{company} vs {company} : which is better ?
Download the {company} app .
"""
PATTERNS = {
    "mail": _MAIL,
    "chat": _CHAT,
    "minutes": _MINUTES,
    "papers": _PAPERS,
    "vitae": _VITAE,
    "headlines": _HEADLINES,
    "matches": _MATCHES,
    "news": _NEWS,
    "hyphens": _HYPHENS,
    "no names": _NO_NAMES,
    "subtitles": _SUBTITLES,
    "new companies": _COINED,
}
ROLES = (
    "manager|engineer|accountant|sales assistant|teacher|nurse|Head of Sales|Project Manager|CEO|Chief Engineer|editor"
)
STREETS = "High Street|Mill Lane|Station Road|Main Street|Park Avenue|Church Road|Elm Street|Bahnhofstrasse|Hill Road"
WEEKDAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
SLOT = re.compile(r"\{(\w+)\}")


def everyday(steps: Steps, *, seed: int = SEED) -> list[Document]:
    """Documents of one sentence each, `EACH` for a pattern that has names and two for one without."""
    draw = random.Random(seed)
    lists = Lists(draw)
    documents = []
    for kind, text in PATTERNS.items():
        for pattern in text.strip().splitlines():
            for _ in range(EACH if any(name in LABELS for name in SLOT.findall(pattern)) else 2):
                documents.append([_dressed(_sentence(pattern, lists), kind, draw)])
                steps.count(f"sentence made: {kind}")
    return documents


def _sentence(pattern: str, lists: Lists) -> Sentence:
    words: list[str] = []
    spans: list[Span] = []
    for token in pattern.split(" "):
        slot = SLOT.search(token)
        if slot is None:
            words.append(token)
            continue
        kind = slot[1]
        if kind in LABELS:
            name = getattr(lists, kind)().split(" ")
            spans.append((len(words), len(words) + len(name), LABELS[kind]))
            words += name
        else:
            words += SLOT.sub(_filler(kind, lists.draw), token).split(" ")
    return Sentence(words, spans)


def _filler(kind: str, draw: random.Random) -> str:
    match kind:
        case "n":
            return str(draw.choice([draw.randint(0, 9), draw.randint(10, 31), draw.randint(32, 4000)]))
        case "year":
            return str(draw.randint(1970, 2026))
        case "time":
            return f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}"
        case "month":
            return draw.choice(MONTHS.split("|"))
        case "weekday":
            return draw.choice(WEEKDAYS.split("|"))
        case "street":
            return draw.choice(STREETS.split("|"))
    return draw.choice(ROLES.split("|"))


def _dressed(sentence: Sentence, kind: str, draw: random.Random) -> Sentence:
    """As such texts are often set: headlines in capital initials or in capitals, results and names in capitals."""
    chance = draw.random()
    change = None
    if kind == "headlines" and chance < 0.4:
        change = str.capitalize
    elif kind in ("headlines", "matches", "news", "papers") and chance < 0.55:
        change = str.upper
    if change is None:
        return sentence
    inside = {at for start, end, _ in sentence.spans for at in range(start, end)}
    words = [
        word if change is str.capitalize and at in inside else change(word) for at, word in enumerate(sentence.words)
    ]
    return Sentence(words, sentence.spans)
