"""What is counted and reckoned from past calls, for those who plan, pay and judge."""
