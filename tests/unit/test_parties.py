"""The file of parties: what it may say, and what a refusal tells whoever wrote it."""

import pytest

from app.outside.channels import WebhookChannel
from app.outside.parties import Parties, PartiesRefused, Party, parties_of, read_parties
from app.settings import Settings

WHOLE = """
base_url = "https://desk.example/"

[parties.120]
personal = true
channels = [
  { name = "line-1", webhook = "https://120.example/", secret_env = "A_SECRET" },
  { name = "fax", command = "/usr/bin/fax --to 120" },
]

[parties.family]
channels = []
"""


def test_a_file_is_read_as_it_is_written():
    base_url, parties = read_parties(WHOLE, {"A_SECRET": "key"})
    assert base_url == "https://desk.example"
    assert [one.name for one in parties["120"].channels] == ["line-1", "fax"]
    assert (parties["120"].is_told_all, parties["family"].is_told_all) == (True, False)


def test_only_parties_with_a_way_out_are_counted():
    _, named = read_parties(WHOLE, {"A_SECRET": "key"})
    assert Parties(named=named).channels == {"120": 2}
    one = WebhookChannel("https://sms.example/", None)
    assert Parties(messengers=(one,)).channels == {"caregiver": 1, "officer": 1}


def test_each_channel_of_a_party_is_one_way():
    ways = [WebhookChannel("https://a.example/", None, name=name) for name in ("a", "b")]
    parties = Parties(named={"120": Party(name="120", channels=ways)}, messengers=ways)
    assert [one.name for one in parties.ways("120", 1)] == ["b"]
    assert list(parties.ways("120", 2)) == []  # there were more when it was told
    assert list(parties.ways("110", 0)) == []
    assert [one.name for one in parties.ways("officer", 1)] == ["b"]
    assert [one.name for one in parties.ways("caregiver", 0)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[parties", "is not TOML"),
        ("base_url = 1", "base_url"),
        ("partys = {}", "base_url"),
        ("parties = 3", "base_url"),
        ("[parties]\n120 = 3", "not written as tables"),
        ("[parties.officer]", "not here"),
        ("[parties.outside]", "not here"),
        ("[parties.120]\nchannel = []", "unknown entry channel"),
        ("[parties.120]\nchannels = 1", "as a list"),
        ("[parties.120]\npersonal = 1", "true or false"),
        ("[parties.120]\nchannels = [1]", "not written as tables"),
        ('[parties.120]\nchannels = [{ name = "a", url = "b" }]', "unknown entry url"),
        ('[parties.120]\nchannels = [{ name = "a", webhook = 1 }]', "no text"),
        ('[parties.120]\nchannels = [{ webhook = "b" }]', "without a name"),
        ('[parties.120]\nchannels = [{ name = "a" }]', "one way out"),
        ("[parties.120]\nchannels = [{ name = 'a', command = 'b \"c' }]", "open quotation"),
        ('[parties.120]\nchannels = [{ name = "a", webhook = "b", command = "c" }]', "one way"),
        (
            '[parties.120]\nchannels = [{ name = "a", webhook = "b", secret_env = "GONE" }]',
            "GONE, which is not set",
        ),
        (
            '[parties.120]\nchannels = [{ name = "a", command = "b" }, { name = "a", command ='
            ' "c" }]',
            "two channels of one name",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(text, why):
    with pytest.raises(PartiesRefused, match=why):
        read_parties(text, {})


def test_without_a_file_there_are_the_messengers_alone(tmp_path):
    assert parties_of(Settings()).channels == {}
    both = parties_of(Settings(sms_command="true", sms_webhook="https://sms.example/"))
    assert both.channels == {"caregiver": 2, "officer": 2}
    with pytest.raises(PartiesRefused, match="cannot be read"):
        parties_of(Settings(parties=tmp_path / "nowhere"))
