"""SCIM 2.0 (RFC 7643, 7644): a sign-on system brings people, gives and takes roles, and takes access away."""
