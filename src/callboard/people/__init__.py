"""WHO: partners, users, roles; may this person see this event?"""
