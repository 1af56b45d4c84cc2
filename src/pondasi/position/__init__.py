"""Where does a country stand, and on whom does it depend?"""
