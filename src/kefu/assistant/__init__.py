"""The assistant's mind: what a customer wants, and what is said and done about it. No network, no storage, no Kedro."""
