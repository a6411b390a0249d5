"""The demo studio: invented people, titles and traffic, all made from a seed."""
