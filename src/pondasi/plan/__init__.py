"""What first, when, with whom?"""
