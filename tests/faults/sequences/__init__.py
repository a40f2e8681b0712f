"""Random months with Cratewise: hands, faults and kills, and a model of what the user may expect after each write."""
