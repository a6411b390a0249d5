"""What a Master sees of the people looked after."""
