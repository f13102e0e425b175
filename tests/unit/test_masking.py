"""What lists show of numbers: enough to tell two apart, too little to telephone or to steal."""

import pytest

from app.register.masking import masked_identities, masked_telephone


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("19900000001", "199****0001"),
        ("+8619900000001", "+86*******0001"),
        ("073112345678", "073*****5678"),
        ("0731123456", "********56"),
        ("12345", "***45"),
        ("120", "***"),
        ("", ""),
    ],
)
def test_a_telephone_number_keeps_its_ends_and_a_short_one_less(number, shown):
    assert masked_telephone(number) == shown
    assert len(shown) == len(number)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("李秀英 43010519480410002X", "李秀英 430105********002X"),
        ("430105194804100021", "430105********0021"),
        ("430105010007003", "430105010007003"),  # the code of a grid
        ("4301051948041000211", "4301051948041000211"),  # a digit too many for a person's
    ],
)
def test_an_identity_number_in_a_text_is_never_whole(text, shown):
    assert masked_identities(text) == shown
