"""The invented companies and people of the demo studio, as tables.

Every name is made up. Every address is on a host under .example. Source: RFC 2606.
"""

from __future__ import annotations

PARTNERS = """
meridianlantern | Meridian Lantern | studio | | meridianlantern.example
brackenfold | Brackenfold Pictures | content_partner | | brackenfold.example
brackenfold-kids | Brackenfold Kids | content_partner | brackenfold | brackenfold.example
brackenfold-nordic | Brackenfold Nordic | content_partner | brackenfold | brackenfold.example
quillhaven | Quillhaven Studios | content_partner | | quillhaven.example
sugiharbor | Sugi Harbor Film | content_partner | | sugiharbor.example
sugiharbor-anime | Sugi Harbor Anime | content_partner | sugiharbor | sugiharbor.example
casafarolito | Casa Farolito | content_partner | | casafarolito.example
tamarindgate | Tamarind Gate Media | content_partner | | tamarindgate.example
tamarindgate-tamil | Tamarind Gate Tamil | content_partner | tamarindgate | tamarindgate.example
tamarindgate-hindi | Tamarind Gate Hindi | content_partner | tamarindgate | tamarindgate.example
onyxpersimmon | Onyx Persimmon | content_partner | | onyxpersimmon.example
copperglass | Copperglass Post | fulfillment_partner | | copperglass.example
copperglass-burbank | Copperglass Burbank | fulfillment_partner | copperglass | copperglass.example
copperglass-leeds | Copperglass Leeds | fulfillment_partner | copperglass | copperglass.example
lexiloom | Lexiloom Localization | fulfillment_partner | | lexiloom.example
lexiloom-warszawa | Lexiloom Warszawa | fulfillment_partner | lexiloom | lexiloom.example
lexiloom-bogota | Lexiloom Bogota | fulfillment_partner | lexiloom | lexiloom.example
voxalder | Vox Alder Dubbing | fulfillment_partner | | voxalder.example
voxalder-beirut | Vox Alder Beirut | fulfillment_partner | voxalder | voxalder.example
reelwright | Reelwright IMF | fulfillment_partner | | reelwright.example
hanoktidal | Hanok Tidal Media | fulfillment_partner | | hanoktidal.example
hanoktidal-busan | Hanok Tidal Busan | fulfillment_partner | hanoktidal | hanoktidal.example
plumbline | Plumbline QC | qc_partner | | plumbline.example
plumbline-porto | Plumbline QC Porto | qc_partner | plumbline | plumbline.example
secondpass | Second Pass Review | qc_partner | | secondpass.example
"""
"""id | name | kind | parent | host of its addresses"""

USERS = """
meridianlantern | helen | Helen Marchbanks | O | America/Los_Angeles | 8 monday
meridianlantern | dario | Dario Pellicane | O | Europe/Rome | 9 monday
meridianlantern | priya | Priya Venkataraghavan | O | Asia/Kolkata | 9 monday
meridianlantern | tomasz | Tomasz Gwizdała | O | Europe/Warsaw | 7 friday
meridianlantern | naomi | Naomi Achterberg | O | Europe/Amsterdam | 8 monday
meridianlantern | hayul | 임하율 | O | Asia/Seoul | 10 monday
meridianlantern | marcus | Marcus Ellingboe | O A | America/Los_Angeles | 7 monday
meridianlantern | ruth | Ruth Abernethy-Cole | A | America/New_York | 8 friday
meridianlantern | yusuf | Yusuf Karabekir | O | Europe/Istanbul | 8 monday
meridianlantern | beatriz | Beatriz Fontanela | O | America/Sao_Paulo | 9 tuesday
brackenfold | olivia | Olivia Thornbury | O M | Europe/London | 8 monday
brackenfold | callum | Callum Wetherell | O | Europe/London | 9 monday
brackenfold | fiona | Fiona Drysdale | O | Europe/London | 7 wednesday
brackenfold | edward | Edward Pym-Larkin | O | Europe/London | 17 friday | inactive
brackenfold | margaret | Margaret Ashdown | M | Europe/London | 8 monday
brackenfold-kids | poppy | Poppy Hargrave | O | Europe/London | 8 monday
brackenfold-kids | sam | Sam Tilney | O | Europe/Dublin | 10 monday
brackenfold-nordic | maria | Maria Lindqvist | O | Europe/Stockholm | 8 monday
brackenfold-nordic | soren | Søren Bjerregaard | O M | Europe/Copenhagen | 7 monday
brackenfold-nordic | aino | Aino Kettunen | O | Europe/Helsinki | 8 thursday
quillhaven | dana | Dana Whitlock | O M | America/Los_Angeles | 8 monday
quillhaven | trevor | Trevor Oyelaran | O | America/Los_Angeles | 9 monday
quillhaven | mei | Mei-Ling Tsao | O | America/Los_Angeles | 8 monday
quillhaven | carlos | Carlos Imperial-Reyes | O | America/Chicago | 7 friday
sugiharbor | mio | 佐伯 美緒 | O M | Asia/Tokyo | 9 monday
sugiharbor | kengo | 田所 健吾 | O | Asia/Tokyo | 10 monday
sugiharbor | hana | Hana Wakatsuki | O | Asia/Tokyo | 8 monday
sugiharbor-anime | ritsu | 楢崎 律 | O | Asia/Tokyo | 11 monday
sugiharbor-anime | jun | Jun Ebisawa | O | Asia/Tokyo | 9 friday
casafarolito | lucia | Lucía Montesdeoca | O M | America/Mexico_City | 8 monday
casafarolito | ignacio | Ignacio Barrientos Luna | O | America/Mexico_City | 9 monday
casafarolito | ximena | Ximena Arizmendi | O | America/Mexico_City | 8 monday
tamarindgate | anand | Anand Chitnavis | O M | Asia/Kolkata | 9 monday
tamarindgate | shreya | Shreya Bagchi-Rao | O | Asia/Kolkata | 8 monday
tamarindgate-tamil | kavitha | கவிதா முருகேசன் | O | Asia/Kolkata | 9 monday
tamarindgate-tamil | ilango | இளங்கோ செல்வராசு | O | Asia/Kolkata | 10 monday
tamarindgate-hindi | nikhil | Nikhil Dabholkar-Sen | O | Asia/Kolkata | 9 monday
onyxpersimmon | doyun | 한도윤 | O M | Asia/Seoul | 9 monday
onyxpersimmon | seojin | 윤서진 | O | Asia/Seoul | 8 monday
copperglass | ana | Ana Ruiz | O | Europe/Madrid | 8 monday
copperglass | ben | Ben Carraway | O | Europe/London | 9 monday
copperglass | ingrid | Ingrid Vasterholm | O M | Europe/Madrid | 7 monday
copperglass | femi | Femi Adebowale-King | O | Europe/London | 8 monday | own
copperglass | noor | Noor van Dalen | O | Europe/Amsterdam | 9 friday
copperglass | pau | Pau Escrivà Soler | O | Europe/Madrid | 10 monday
copperglass | walter | Walter Hinchcliffe | M | Europe/London | 8 monday
copperglass-burbank | jess | Jess Moriyama-Clark | O | America/Los_Angeles | 7 monday
copperglass-burbank | andre | André Thibodeaux | O | America/Los_Angeles | 9 monday
copperglass-burbank | lina | Lina Haroutunian | O | America/Los_Angeles | 8 wednesday
copperglass-leeds | gemma | Gemma Oakenshaw | O | Europe/London | 8 monday
copperglass-leeds | ravi | Ravi Sutaria | O | Europe/London | 9 monday
copperglass-leeds | neil | Neil Braithwaite-Moss | O | Europe/London | 16 friday
lexiloom | clara | Clara Weissenborn | O M | Europe/Berlin | 8 monday
lexiloom | matteo | Matteo Brigantini | O | Europe/Rome | 9 monday
lexiloom | maria.lindqvist | Maria Lindqvist | O | Europe/Stockholm | 8 monday
lexiloom | danylo | Данило Гречанюк | O | Europe/Kyiv | 8 monday
lexiloom | eleni | Ελένη Καραβασίλη | O | Europe/Athens | 9 monday
lexiloom-warszawa | zofia@lexiłoom.example | Zofia Wróblewicz | O | Europe/Warsaw | 8 monday
lexiloom-warszawa | pawel | Paweł Skarżyniec | O | Europe/Warsaw | 7 monday
lexiloom-bogota | camila | Camila Otálora | O | America/Bogota | 8 monday
lexiloom-bogota | julian | Julián Perdomo Vega | O | America/Bogota | 9 friday
voxalder | sabine | Sabine Althoff-Rey | O M | Europe/Paris | 8 monday
voxalder | thierry | Thierry Malaval | O | Europe/Paris | 9 monday
voxalder | giulia | Giulia Santacroce | O | Europe/Rome | 8 monday
voxalder | rodrigo | Rodrigo Quevedo Pinto | O | America/Sao_Paulo | 8 monday
voxalder | anke | Anke Rosenbaum | O | Europe/Berlin | 10 thursday
voxalder-beirut | layla | ليلى الحدّاد | O | Asia/Beirut | 9 monday
voxalder-beirut | sami | سامي نصّار | O | Asia/Beirut | 8 monday
reelwright | otto | Otto Fennimore | O M | America/Toronto | 8 monday
reelwright | claire | Claire Desrosiers-Poon | O | America/Toronto | 9 monday
reelwright | hiro | Hiro Kanemaru | O | America/Vancouver | 8 monday
hanoktidal | minseo | 강민서 | O M | Asia/Seoul | 9 monday
hanoktidal | taeyang | Tae-yang Bok | O | Asia/Seoul | 8 monday
hanoktidal | lin | 沈語棠 | O | Asia/Taipei | 9 monday
hanoktidal-busan | nari | 유나리 | O | Asia/Seoul | 8 monday
plumbline | tom+qc | Tom Hallewell | O | Europe/London | 8 monday
plumbline | agata | Agata Mroczek | O | Europe/Warsaw | 9 monday
plumbline-porto | duarte | Duarte Meneses Pilar | O | Europe/Lisbon | 8 monday
secondpass | kim | Kim Ferrante-Doyle | O | America/New_York | 8 monday
secondpass | esther | Esther Nakimuli | O | Africa/Kampala | 9 monday
"""
"""partner | address (the local part alone: at the partner's host) | name | roles | zone |
digest hour and weekday | flags. Roles: O Operations (QC: Operator), M Master, A Admin."""
