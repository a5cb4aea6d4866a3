"""What the tests share: a cluster seen from outside, models made to measure, given/when/then."""
