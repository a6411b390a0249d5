"""How people sign in: what allauth is told about Callboard's people, words and mail.

allauth keeps a table of addresses, for products where people sign up and change theirs. Here
people come from the portal with one address, which `people.User` holds and compares (4.1). A
second table would have to follow every import, and a row that lags would let somebody in or
out who should not be; so the table stays empty, and forms, backend and adapter look people up
where everybody else does. Its tables of accounts elsewhere stay empty too: another service says an
address, and that is looked up (`sign_on`). Only the table of second factors and passkeys is
used. allauth's views, stages, codes and limits are used as they are.
"""
