"""WHAT EACH PERSON WANTS: notifications, conditions, mute; what may be edited, duplicated, deleted."""
