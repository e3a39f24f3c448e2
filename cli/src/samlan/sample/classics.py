"""Books whose authors died long enough ago for everyone to own them; the catalogue begins with these."""

from __future__ import annotations

CLASSICS: tuple[tuple[str, str, str, int, str], ...] = tuple(
    (language, audience, author, int(year), name)
    for language, audience, author, year, name in (
        line.split("|")
        for line in """\
sv|adult|Strindberg, August|1879|Röda rummet
sv|adult|Strindberg, August|1887|Hemsöborna
sv|adult|Strindberg, August|1888|Fröken Julie
sv|adult|Strindberg, August|1890|I havsbandet
sv|adult|Strindberg, August|1897|Inferno
sv|adult|Strindberg, August|1907|Taklagsöl
sv|adult|Lagerlöf, Selma|1891|Gösta Berlings saga
sv|adult|Lagerlöf, Selma|1899|En herrgårdssägen
sv|adult|Lagerlöf, Selma|1901|Jerusalem
sv|adult|Lagerlöf, Selma|1904|Herr Arnes penningar
sv|child|Lagerlöf, Selma|1906|Nils Holgerssons underbara resa genom Sverige
sv|adult|Lagerlöf, Selma|1912|Körkarlen
sv|adult|Lagerlöf, Selma|1914|Kejsarn av Portugallien
sv|adult|Lagerlöf, Selma|1925|Löwensköldska ringen
sv|adult|Söderberg, Hjalmar|1895|Förvillelser
sv|adult|Söderberg, Hjalmar|1901|Martin Bircks ungdom
sv|adult|Söderberg, Hjalmar|1905|Doktor Glas
sv|adult|Söderberg, Hjalmar|1912|Den allvarsamma leken
sv|adult|Almqvist, Carl Jonas Love|1834|Drottningens juvelsmycke
sv|adult|Almqvist, Carl Jonas Love|1839|Det går an
sv|adult|Bremer, Fredrika|1837|Grannarne
sv|adult|Bremer, Fredrika|1856|Hertha
sv|adult|Benedictsson, Victoria|1885|Pengar
sv|adult|Benedictsson, Victoria|1887|Fru Marianne
sv|adult|Boye, Karin|1935|För trädets skull
sv|adult|Boye, Karin|1940|Kallocain
sv|adult|Södergran, Edith|1916|Dikter
sv|adult|Södergran, Edith|1918|Septemberlyran
sv|adult|Fröding, Gustaf|1891|Guitarr och dragharmonika
sv|adult|Karlfeldt, Erik Axel|1898|Fridolins visor
sv|adult|Heidenstam, Verner von|1897|Karolinerna
sv|adult|Bergman, Hjalmar|1919|Markurells i Wadköping
sv|adult|Bergman, Hjalmar|1921|Farmor och Vår Herre
sv|adult|Rydberg, Viktor|1877|Singoalla
sv|child|Rydberg, Viktor|1871|Lille Viggs äventyr på julafton
sv|child|Beskow, Elsa|1901|Puttes äventyr i blåbärsskogen
sv|child|Topelius, Zacharias|1865|Läsning för barn
sv|adult|Runeberg, Johan Ludvig|1848|Fänrik Ståls sägner
sv|adult|Bellman, Carl Michael|1790|Fredmans epistlar
sv|adult|Ahlgren, Ernst|1884|Från Skåne
sv|adult|Key, Ellen|1900|Barnets århundrade
sv|adult|Hansson, Ola|1887|Sensitiva amorosa
sv|adult|Wägner, Elin|1908|Norrtullsligan
sv|adult|Wägner, Elin|1910|Pennskaftet
da|child|Andersen, H.C.|1837|Den lille havfrue
da|child|Andersen, H.C.|1843|Den grimme ælling
da|child|Andersen, H.C.|1844|Snedronningen
da|child|Andersen, H.C.|1835|Fyrtøjet
da|adult|Andersen, H.C.|1835|Improvisatoren
da|adult|Jacobsen, J.P.|1876|Fru Marie Grubbe
da|adult|Jacobsen, J.P.|1880|Niels Lyhne
da|adult|Bang, Herman|1886|Ved Vejen
da|adult|Bang, Herman|1887|Stuk
da|adult|Bang, Herman|1889|Tine
da|adult|Pontoppidan, Henrik|1898|Lykke-Per
da|adult|Pontoppidan, Henrik|1890|Skyer
da|adult|Nexø, Martin Andersen|1906|Pelle Erobreren
da|adult|Nexø, Martin Andersen|1917|Ditte Menneskebarn
da|adult|Jensen, Johannes V.|1900|Kongens fald
da|adult|Kierkegaard, Søren|1843|Enten-eller
da|adult|Kierkegaard, Søren|1843|Frygt og bæven
da|adult|Blicher, Steen Steensen|1824|Brudstykker af en landsbydegns dagbog
da|adult|Holberg, Ludvig|1722|Jeppe på Bjerget
da|adult|Holberg, Ludvig|1723|Erasmus Montanus
da|adult|Wied, Gustav|1899|Livsens ondskab
da|adult|Gyllembourg, Thomasine|1828|En hverdagshistorie
en|adult|Austen, Jane|1813|Pride and Prejudice
en|adult|Austen, Jane|1815|Emma
en|adult|Austen, Jane|1817|Persuasion
en|adult|Brontë, Charlotte|1847|Jane Eyre
en|adult|Brontë, Emily|1847|Wuthering Heights
en|adult|Dickens, Charles|1861|Great Expectations
en|adult|Dickens, Charles|1843|A Christmas Carol
en|adult|Eliot, George|1871|Middlemarch
en|adult|Shelley, Mary|1818|Frankenstein
en|adult|Stevenson, Robert Louis|1886|Strange Case of Dr Jekyll and Mr Hyde
en|child|Stevenson, Robert Louis|1883|Treasure Island
en|child|Carroll, Lewis|1865|Alice's Adventures in Wonderland
en|child|Grahame, Kenneth|1908|The Wind in the Willows
en|child|Burnett, Frances Hodgson|1911|The Secret Garden
en|child|Kipling, Rudyard|1894|The Jungle Book
en|child|Nesbit, Edith|1906|The Railway Children
en|child|Twain, Mark|1876|The Adventures of Tom Sawyer
en|adult|Twain, Mark|1884|Adventures of Huckleberry Finn
en|adult|Melville, Herman|1851|Moby-Dick
en|adult|Wilde, Oscar|1890|The Picture of Dorian Gray
en|adult|Stoker, Bram|1897|Dracula
en|adult|Wells, H.G.|1895|The Time Machine
en|adult|Wells, H.G.|1898|The War of the Worlds
en|adult|Conan Doyle, Arthur|1892|The Adventures of Sherlock Holmes
en|adult|Conan Doyle, Arthur|1902|The Hound of the Baskervilles
en|adult|James, Henry|1898|The Turn of the Screw
en|adult|Woolf, Virginia|1925|Mrs Dalloway
en|adult|Woolf, Virginia|1927|To the Lighthouse
en|adult|Joyce, James|1914|Dubliners
en|adult|Mansfield, Katherine|1922|The Garden Party
en|adult|Hardy, Thomas|1891|Tess of the d'Urbervilles
en|adult|Swift, Jonathan|1726|Gulliver's Travels
en|adult|Defoe, Daniel|1719|Robinson Crusoe""".splitlines()
    )
)
"""Language, audience, author, year and name."""
