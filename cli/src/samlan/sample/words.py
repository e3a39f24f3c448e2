"""Words the sample is put together from: people's names, title patterns, streets, publishers."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = {
    "sv": _words("""
        Agnes Albin Alva Amina Anders Anna Arvid Astrid August Axel Birgitta Björn Bo Britta Cecilia
        Daniel Ebba Edvin Elias Elin Elsa Emil Erik Eva Fatima Filip Frida Gunnar Gustav Hanna Hassan
        Hedvig Helena Hugo Inga Ingrid Isak Ivar Jan Johan Jonas Karin Karl Kerstin Klara Knut Kristina
        Lars Leila Lena Liam Linnea Ludvig Maja Malin Maria Märta Mats Mikael Mohammed Nils Nora Olle
        Olof Oskar Per Ragnar Rakel Rut Samira Sara Signe Sigrid Siv Stig Sven Svea Tage Teodor Tilda
        Tora Tove Ulf Ulla Vera Viktor Vilma Vincent Wilma Yasmin Åke Åsa Östen
    """),
    "da": _words("""
        Alberte Anders Anne Asger Astrid Birgit Bodil Carl Clara Else Emma Erik Freja Frederik Hanne
        Henrik Ida Inger Jens Johanne Jørgen Karen Kasper Kirsten Lærke Lars Laura Lone Mads Magnus
        Malthe Marie Mette Mikkel Niels Noah Oscar Ole Peter Rasmus Rikke Signe Sofie Søren Thea Tine
        Torben Ulla Viggo Vilhelm William Åse
    """),
}
SURNAMES = {
    "sv": _words("""
        Almgren Andersson Axelsson Berg Bergman Björk Blom Boström Carlsson Dahl Edlund Ek Eklund
        Engström Eriksson Falk Forsberg Fransson Gustavsson Hallberg Hansson Hedlund Hellström Holm
        Håkansson Isaksson Jansson Johansson Jonsson Karlsson Kling Larsson Lind Lindberg Lindgren
        Lindqvist Lundin Lundgren Löfgren Magnusson Malm Mattsson Moberg Mohamed Månsson Nilsson Norberg
        Nordin Nyberg Nyström Olofsson Olsson Palm Persson Pettersson Rosén Sandberg Sjöberg Ström
        Sundberg Svensson Söderberg Viklund Wallin Åberg Åkesson Öberg Östlund
    """),
    "da": _words("""
        Andersen Bach Bang Christensen Dam Eriksen Friis Hansen Holm Iversen Jensen Jeppesen Juhl Kjær
        Knudsen Kristensen Larsen Lauridsen Lund Madsen Mortensen Møller Nielsen Nissen Olsen Pedersen
        Poulsen Rasmussen Schmidt Skov Sørensen Thomsen Toft Vestergaard Winther Østergaard
    """),
}
ENGLISH_FIRST = _words("""
    Alice Arthur Beatrice Charles Dorothy Edith Florence George Harriet Henry Iris James Martha Oliver
""")
ENGLISH_LAST = _words("""
    Ashdown Barlow Carrow Dunmore Ellery Fairwood Graves Holloway Kettering Larkham Merriden Thorne
""")
ADJECTIVES = {
    "sv": _words("""
        blå glömda långa mörka sista stilla tysta vilda vita första hemliga förlorade gröna bortre
        trasiga
    """),
    "da": _words("""
        blå glemte lange mørke sidste stille tavse vilde hvide første hemmelige tabte grønne fjerne røde
    """),
    "en": _words("""
        blue forgotten long dark last quiet silent wild white first secret lost green distant broken
    """),
}
NOUNS = {
    "sv": _words("""
        sommaren vintern resan trädgården fyren bron skogen dörren klockan ön natten kartan vägen sången
        staden elden systern byn floden spegeln
    """),
    "da": _words("""
        sommer vinter rejse have bro skov nat vej sang by ild søster flod kyst drøm skygge dal aften
        strand ø
    """),
    "en": _words("""
        summer winter journey garden lighthouse bridge forest letter house island night map road song
        city fire sister village river mirror
    """),
}
PLACES = {
    "sv": _words("""
        Marstrand Hisingen Onsala Säveån Hjälmaren Närke Bohuslän Majorna Tiveden Särö Lerum Kilsbergen
    """),
    "da": _words("""
        Gladsaxe Bagsværd Amager Skagen Fyn Møn Læsø Vesterbro Gudenåen Samsø
    """),
    "en": _words("""
        Skye Dover Camden Whitby Galway Orkney Brighton Kent Cork Suffolk
    """),
}
HEROES = {
    "sv": _words("""
        Maja Olle Vilda Sixten Tuva Nils Ebba Grodan Igelkotten Draken Lilla_björn Katten
    """),
    "da": _words("""
        Freja Mads Alma Viggo Tyra Pindsvinet Dragen Lille_bjørn Katten Frøen
    """),
    "en": _words("""
        Poppy Tom Little_bear The_hedgehog The_dragon Rosie Max Captain_frog
    """),
}
SUBJECTS = {
    "sv": _words("""
        fågelskådning släktforskning brödbakning västkustens_historia snickeri fjällvandring biodling
        svampplockning språk_och_makt havets_djur keramik stickning
    """),
    "da": _words("""
        fuglekiggeri slægtsforskning brødbagning Øresunds_historie snedkeri cykelferie biavl svampejagt
        strik keramik
    """),
    "en": _words("""
        bird_watching family_history bread_making sea_shores carpentry hill_walking bee_keeping
        mushrooms pottery knitting
    """),
}

STREETS = {
    "sv": (
        "Sagostigen",
        "Novellgatan",
        "Romangränd",
        "Rimvägen",
        "Kapitelgatan",
        "Versgatan",
        "Dramavägen",
        "Prologstigen",
    ),
    "da": (
        "Eventyrvej",
        "Novellevej",
        "Romanstien",
        "Rimvej",
        "Kapitelgade",
        "Versevej",
        "Digterstien",
        "Prologvej",
    ),
}
PUBLISHERS = {
    "sv": (
        ("Göteborg", "Exempelförlaget"),
        ("Örebro", "Svartåns förlag"),
        ("Stockholm", "Bokstaven"),
        ("Lerum", "Säveåns tryck"),
    ),
    "da": (("København", "Eksempelforlaget"), ("Søborg", "Forlaget Side Et"), ("Aarhus", "Bogstavet")),
    "en": (("London", "Example Press"), ("Dublin", "Margin Books"), ("Edinburgh", "Folio & Son")),
}
NOVEL = {
    "sv": (
        "Den {adjective} {noun}",
        "{noun} i {place}",
        "Vägen till {place}",
        "{adjective} {noun}",
        "{noun} och {noun2}",
        "Brev från {place}",
        "Efter {noun}",
    ),
    "da": (
        "Den {adjective} {noun}",
        "En {noun} på {place}",
        "Vejen til {place}",
        "{adjective} {noun}",
        "{noun} og {noun2}",
        "Breve fra {place}",
    ),
    "en": (
        "The {adjective} {noun}",
        "A {noun} in {place}",
        "The road to {place}",
        "{adjective} {noun}",
        "{noun} and {noun2}",
        "Letters from {place}",
    ),
}
CHILDREN = {
    "sv": (
        "{hero} och den {adjective} {noun}",
        "{hero} flyttar till {place}",
        "God natt, {hero}!",
        "{hero} letar efter {noun}",
        "En dag med {hero}",
    ),
    "da": (
        "{hero} og den {adjective} {noun}",
        "{hero} flytter til {place}",
        "Godnat, {hero}!",
        "{hero} leder efter en {noun}",
    ),
    "en": (
        "{hero} and the {adjective} {noun}",
        "{hero} goes to {place}",
        "Good night, {hero}!",
        "{hero} finds a {noun}",
    ),
}
FACTS = {
    "sv": (
        "Handbok i {subject}",
        "{subject} för nybörjare",
        "Allt om {subject}",
        "{place}: en vägvisare",
        "Lär dig {subject}",
    ),
    "da": ("Håndbog i {subject}", "{subject} for begyndere", "Alt om {subject}", "{place}: en vejviser"),
    "en": ("A handbook of {subject}", "{subject} for beginners", "All about {subject}", "{place}: a guide"),
}
PERIODICALS = {
    "sv": ("Tidskrift för {subject}", "{subject} i dag", "Nytt från {place}"),
    "da": ("Tidsskrift for {subject}", "{subject} i dag", "Nyt fra {place}"),
    "en": ("The {subject} quarterly", "{subject} today"),
}
SUFFIX = {
    "daisy": {"sv": "(DAISY)", "da": "(DAISY)", "en": "(DAISY)"},
    "book_club_bag": {"sv": "(bokcirkelpåse)", "da": "(læsekredspose)", "en": "(book club bag)"},
    "theme_bag": {"sv": "(temapåse)", "da": "(temapose)", "en": "(theme bag)"},
    "board_game": {"sv": "- spelet", "da": "- spillet", "en": "- the game"},
    "video_game": {"sv": "(tv-spel)", "da": "(konsolspil)", "en": "(video game)"},
    "tv_series": {"sv": ". Säsong 1", "da": ". Sæson 1", "en": ". Season 1"},
}
