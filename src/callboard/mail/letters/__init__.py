"""Mails of our own words that must not be lost: an invitation, a warning, an answer to a request.

`post_letter` keeps one inside the caller's transaction; workers and `drain` send it, at least
once under one Message-ID, and try for five days. What somebody waits for on a page, such as a
sign-in code, leaves by `mail.direct` instead and is not kept.
"""
