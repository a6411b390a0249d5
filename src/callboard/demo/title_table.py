"""The invented titles of the demo studio, as a table."""
# ruff: noqa: RUF001 - letters of many scripts are the point

from __future__ import annotations

LONG_NAME = (
    "The Considerably Exaggerated but Otherwise Entirely Truthful Account of How My Aunt "
    "Philippa Lost a Lighthouse, Found a Marching Band and Was Asked Never to Return to "
    "Winterbourne!"
)
"""180 characters: what a list, a subject line and a mail must bear."""

SHOWS = f"""
The Salt Cartographers           | brackenfold        | en      | Branded     | 8 10
Lanterns over Brennick           | brackenfold        | en-GB   | Branded     |
Nueve Veranos de Agua            | casafarolito       | es-419  | Branded     | 6
Kaze no Almanac                  | sugiharbor-anime   | ja      | Licensed    | 12
The Quiet Ferryman               | onyxpersimmon      | ko      | Licensed    |
Monsoon Ledger                   | tamarindgate-hindi | hi      | Branded     | 10 10 8
Bread & Barometers               | brackenfold        | fr      | Non-Branded |
Pip Marrow and the Cloud Post    | brackenfold-kids   | en      | Licensed    | 26
Harrow Junction                  | quillhaven         | en      | Branded     | 10 10
灯台守の七つの手紙               | sugiharbor         | ja      | Branded     | 8
마지막 조수표                    | onyxpersimmon      | ko      | Branded     | 10
مقهى الساعة السادسة              | quillhaven         | ar      | Non-Branded | 6
மழைக்குப் பின் மணல்                | tamarindgate-tamil | ta      | Branded     | 8
धूप का हिसाब                     | tamarindgate-hindi | hi      | Licensed    |
Tell Me <b>Nothing</b>           | quillhaven         | en      | Short-form  | 6
{LONG_NAME} | brackenfold | en-GB | Non-Branded |
Isbryderens Datter               | brackenfold-nordic | da      | Branded     | 6
Hiljainen Laituri                | brackenfold-nordic | fi      | Licensed    |
La Última Imprenta de Xalli      | casafarolito       | es-419  | Branded     | 10
El Faro y la Fiebre              | casafarolito       | es-419  | Licensed    |
The Orchard Auditor              | quillhaven         | en      | Branded     | 8
Night Shift at the Tide Museum   | quillhaven         | en      | Branded     | 10
Cobalt Weather                   | brackenfold        | en-GB   | Licensed    | 6 6
Marzipan Detectives              | brackenfold-kids   | en-GB   | Licensed    | 20
Otter Street 9                   | brackenfold-kids   | en      | Short-form  | 12
竹林株式会社                     | sugiharbor         | ja      | Licensed    | 10
Neko no Denpō                    | sugiharbor-anime   | ja      | Licensed    | 12
종이배 수사대                    | onyxpersimmon      | ko      | Branded     | 10
The Tamarind Verdict             | tamarindgate       | en      | Branded     | 8
கடல் எழுதிய கணக்கு                | tamarindgate-tamil | ta      | Licensed    |
Seven Kilometres of String       | quillhaven         | en      | Non-Branded |
Το Ρολόι της Μυρσίνης            | quillhaven         | el      | Licensed    |
Річка без мапи                   | brackenfold-nordic | uk      | Licensed    | 6
茶渡口的信                       | sugiharbor         | zh-Hant | Licensed    | 8
The Umbrella Parliament: Live    | quillhaven         | en      | Live        | 10
Harrow Junction: Last Train Out  | quillhaven         | en      | Trailer     |
The Salt Cartographers: The Ink  | brackenfold        | en      | Trailer     |
Die Blaue Hefe                   | brackenfold        | de      | Non-Branded |
L'Atelier des Marées             | brackenfold        | fr      | Branded     | 6
A Piano for Station Four         | onyxpersimmon      | en      | Non-Branded |
"""
"""name | content partner | original language | content type | episodes of each season (or none)"""
