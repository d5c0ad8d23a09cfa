"""SMSAPI.pl, simulated: takes text messages, says where they are, and reports what became of them."""
