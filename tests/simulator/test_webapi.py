import pytest
import requests

from tests.simulator.conftest import api_of


def walk(api, path):
    entries, page = [], api("GET", path).json()
    while True:
        entries += page["items"]
        if not page["next"]:
            return entries
        page = api("GET", page["next"].partition("/spotify/v1")[2]).json()


def test_the_profile_has_the_fields_of_a_development_mode_app(api):
    body = api("GET", "/me").json()
    assert {"id", "account_id", "display_name", "images", "uri", "external_urls", "type"} <= set(body)
    assert not {"email", "country", "product", "followers", "explicit_content"} & set(body)
    assert api("GET", "/me/").json() == body


def test_liked_songs_are_walked_newest_first_by_next(simulator, api):
    entries = walk(api, "/me/tracks?limit=50")
    moments = [entry["added_at"] for entry in entries]
    assert len(entries) == 400 and len(set(moments)) == 400
    assert moments == sorted(moments, reverse=True)
    assert [entry["track"]["uri"] for entry in entries] == simulator.state()["liked"]


def test_next_is_absolute_and_on_this_server(simulator, api):
    page = api("GET", "/me/tracks").json()
    assert page["next"].startswith(simulator.api_url + "/me/tracks?")
    assert (page["limit"], page["offset"], page["previous"]) == (20, 0, None)


def test_tracks_carry_isrc_and_lack_what_development_mode_removed(api):
    tracks = [entry["track"] for entry in api("GET", "/me/tracks?limit=50").json()["items"]]
    assert sum("isrc" in track["external_ids"] for track in tracks) > 40
    for track in tracks:
        assert not {"popularity", "available_markets", "linked_from"} & set(track)
        assert track["preview_url"] is None


def test_the_built_in_library_is_awkward(api):
    tracks = [entry["track"] for entry in api("GET", "/me/tracks?limit=50").json()["items"]]
    tracks += [entry["track"] for entry in api("GET", "/me/tracks?limit=50&offset=50").json()["items"]]
    local = [track for track in tracks if track["is_local"]]
    assert [track["id"] for track in local] == [None] and local[0]["uri"].startswith("spotify:local:")
    assert any(track.get("is_playable") is False for track in tracks)
    assert any(track["explicit"] for track in tracks)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/me/tracks?limit=51", "Invalid limit"),
        ("/me/tracks?limit=0", "Invalid limit"),
        ("/me/tracks?offset=-1", "Invalid offset"),
        ("/me/playlists?limit=many", "Invalid limit"),
        ("/search?q=a&type=track&limit=11", "Invalid limit"),
        ("/search?type=track", "No search query"),
    ],
)
def test_parameters_out_of_range_are_refused_in_the_error_shape(api, path, message):
    answer = api("GET", path)
    assert answer.status_code == 400
    assert answer.json() == {"error": {"status": 400, "message": message}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/audio-features?ids=1"),
        ("GET", "/audio-features/1"),
        ("GET", "/recommendations"),
        ("GET", "/tracks?ids=1"),
        ("GET", "/artists?ids=1"),
        ("GET", "/artists/1/top-tracks"),
        ("POST", "/users/ada/playlists"),
        ("GET", "/playlists/1/tracks"),
        ("POST", "/playlists/1/tracks"),
        ("DELETE", "/playlists/1/followers"),
        ("PUT", "/me/tracks?ids=1"),
        ("GET", "/me/tracks/contains?ids=1"),
        ("GET", "/browse/new-releases"),
    ],
)
def test_endpoints_that_are_gone_are_forbidden(api, method, path):
    answer = api(method, path)
    assert (answer.status_code, answer.json()) == (403, {"error": {"status": 403, "message": "Forbidden"}})


def test_an_endpoint_that_never_was_is_not_found(api):
    assert api("GET", "/me/horoscope").status_code == 404


def test_missing_wrong_and_expired_tokens_are_401(simulator, api):
    assert requests.get(simulator.api_url + "/me", timeout=10).status_code == 401
    wrong = requests.get(simulator.api_url + "/me", headers={"Authorization": "Bearer x"}, timeout=10)
    assert wrong.json()["error"] == {"status": 401, "message": "Invalid access token"}
    simulator.expire("ada")
    assert api("GET", "/me").json()["error"] == {"status": 401, "message": "The access token expired"}


def test_scopes_are_checked(simulator):
    limited = api_of(simulator, scopes="playlist-read-private")
    answer = limited("GET", "/me/tracks")
    assert answer.json() == {"error": {"status": 403, "message": "Insufficient client scope"}}
    assert limited("GET", "/me").ok


def test_single_objects_are_found_by_id(api):
    track = api("GET", "/me/tracks?limit=1").json()["items"][0]["track"]
    assert api("GET", f"/tracks/{track['id']}").json() == track
    artist = api("GET", f"/artists/{track['artists'][0]['id']}").json()
    assert artist["name"] == track["artists"][0]["name"] and artist["genres"] == []
    album = api("GET", f"/albums/{track['album']['id']}").json()
    assert track["id"] in [one["id"] for one in album["tracks"]["items"]]
    assert api("GET", "/tracks/0000000000000000000000").status_code == 404


def test_search_finds_by_isrc_and_by_words(api):
    track = api("GET", "/me/tracks?limit=1").json()["items"][0]["track"]
    by_isrc = api("GET", "/search", params={"q": f"isrc:{track['external_ids']['isrc']}", "type": "track"})
    assert [one["id"] for one in by_isrc.json()["tracks"]["items"]] == [track["id"]]
    words = f"track:{track['name']} artist:{track['artists'][0]['name']}"
    by_words = api("GET", "/search", params={"q": words, "type": "track"}).json()["tracks"]
    assert by_words["limit"] == 5 and track["id"] in [one["id"] for one in by_words["items"]]


def test_the_library_is_written_and_asked_by_uri(simulator, api):
    new = simulator.like(1)[0]
    uris = {"uris": f"{new},spotify:track:0000000000000000000000"}
    assert api("GET", "/me/library/contains", params=uris).json() == [True, False]
    assert api("DELETE", "/me/library", params={"uris": new}).content == b""
    assert new not in simulator.state()["liked"]
    assert api("PUT", "/me/library", params={"uris": new}).status_code == 200
    assert simulator.state()["liked"][0] == new


def test_at_most_forty_library_uris(simulator, api):
    uris = simulator.state()["liked"][90:131]
    assert api("GET", "/me/library/contains", params={"uris": ",".join(uris)}).status_code == 400
    assert api("GET", "/me/library/contains", params={"uris": ",".join(uris[:40])}).json() == [True] * 40


def test_covers_are_pictures(api):
    album = api("GET", "/me/tracks?limit=1").json()["items"][0]["track"]["album"]
    picture = requests.get(album["images"][0]["url"], timeout=10)
    assert picture.headers["content-type"] == "image/svg+xml" and picture.text.startswith("<svg")


def test_every_user_has_a_library_of_their_own(simulator):
    ada, ben, cleo = (simulator.state(user)["liked"] for user in ("ada", "ben", "cleo"))
    assert len(ada) == 400 and len(ben) == 60 and cleo == [] and ada[:60] != ben
