"""A seeded world of residents, handsets, caregivers and operators, in place of the real one."""
