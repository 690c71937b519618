import pytest

from kefu.service.security.secrets import EXAMPLES, ApiKeys, find_weakness

KEY = "q8Zk2vP0rT5mX7yB3nW9cL4d"


def test_a_random_key_of_24_characters_is_good():
    assert find_weakness(KEY) is None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "has 0 characters"),
        (KEY[:-1], "has 23 characters, at least 24"),
        ("ab" * 20, "has 2 different characters"),
        *((example, "example of the documents") for example in sorted(EXAMPLES)),
        ("  Change-Me-change-me-change-me ", "example of the documents"),
    ],
)
def test_a_weak_key_is_named(key, said):
    assert said in find_weakness(key)


def test_a_key_names_its_owner():
    keys = ApiKeys({"shop": KEY, "mail": KEY[::-1]})
    assert (keys.owner(KEY), keys.owner(KEY[::-1])) == ("shop", "mail")
    assert keys.owner("") is keys.owner(KEY + "x") is keys.owner("schlüssel") is None
    assert keys
    assert not ApiKeys({})
