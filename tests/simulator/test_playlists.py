from base64 import b64encode

import pytest

from tests.simulator.conftest import api_of


@pytest.fixture
def uris(simulator):
    return [uri for uri in simulator.state()["liked"] if uri.startswith("spotify:track:")][100:350]


@pytest.fixture
def playlist(api):
    return api("POST", "/me/playlists", json={"name": "Quiet", "public": False}).json()


def stored(simulator, playlist):
    return next(one for one in simulator.state()["playlists"] if one["id"] == playlist["id"])


def test_creating_answers_201_with_the_playlist(simulator, api):
    answer = api("POST", "/me/playlists", json={"name": "Loud"})
    body = answer.json()
    assert answer.status_code == 201
    assert body["public"] is True and body["snapshot_id"] and body["items"]["total"] == 0
    assert body["external_urls"]["spotify"].endswith(body["id"])
    assert api("GET", "/me/playlists").json()["items"][0]["id"] == body["id"]


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "collaborative": True}, ["x"]])
def test_a_bad_playlist_is_not_created(simulator, api, body):
    before = len(simulator.state()["playlists"])
    assert api("POST", "/me/playlists", json=body).status_code == 400
    assert len(simulator.state()["playlists"]) == before


def test_creating_needs_the_scope_of_its_visibility(simulator):
    private_only = api_of(simulator, scopes="playlist-modify-private")
    assert private_only("POST", "/me/playlists", json={"name": "x"}).status_code == 403
    assert private_only("POST", "/me/playlists", json={"name": "x", "public": False}).status_code == 201


def test_items_are_added_in_order_and_read_back_in_pages(simulator, api, playlist, uris):
    path = f"/playlists/{playlist['id']}/items"
    for start in (0, 100, 200):
        answer = api("POST", path, json={"uris": uris[start : start + 100]})
        assert answer.status_code == 201 and set(answer.json()) == {"snapshot_id"}
    page = api("GET", path + "?limit=50&offset=200").json()
    assert [entry["item"]["uri"] for entry in page["items"]] == uris[200:250]
    assert page["total"] == 250 and page["next"] is None
    assert set(page["items"][0]) == {"added_at", "added_by", "is_local", "item"}
    assert stored(simulator, playlist)["uris"] == uris


def test_position_and_duplicates_are_honoured(simulator, api, playlist, uris):
    path = f"/playlists/{playlist['id']}/items"
    api("POST", path, json={"uris": uris[:2]})
    api("POST", path, json={"uris": [uris[0], uris[5]], "position": 1})
    assert stored(simulator, playlist)["uris"] == [uris[0], uris[0], uris[5], uris[1]]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_write_takes_at_most_a_hundred_uris_in_an_object(simulator, api, playlist, uris, method):
    path = f"/playlists/{playlist['id']}/items"
    assert api(method, path, json={"uris": uris[:101]}).status_code == 400
    assert api(method, path, json=uris[:3]).status_code == 400
    assert api(method, path, json={"uris": ["spotify:local:a:b:c:1"]}).status_code == 400
    assert api(method, path, json={"uris": ["spotify:track:0000000000000000000000"]}).status_code == 400
    assert stored(simulator, playlist)["uris"] == []


def test_replacing_and_clearing(simulator, api, playlist, uris):
    path = f"/playlists/{playlist['id']}/items"
    api("POST", path, json={"uris": uris[:5]})
    assert api("PUT", path, json={"uris": uris[5:7]}).status_code == 200
    assert stored(simulator, playlist)["uris"] == uris[5:7]
    api("PUT", path, json={"uris": []})
    assert stored(simulator, playlist)["uris"] == []


@pytest.mark.parametrize(
    ("start", "length", "before", "expected"),
    [(0, 1, 4, "bcdae"), (3, 2, 0, "deabc"), (1, 2, 5, "adebc"), (1, 2, 2, "abcde")],
)
def test_reordering(simulator, api, playlist, uris, start, length, before, expected):
    path = f"/playlists/{playlist['id']}/items"
    api("POST", path, json={"uris": uris[:5]})
    body = {"range_start": start, "range_length": length, "insert_before": before}
    assert api("PUT", path, json=body).status_code == 200
    assert stored(simulator, playlist)["uris"] == [uris["abcde".index(letter)] for letter in expected]


def test_removing_takes_every_occurrence(simulator, api, playlist, uris):
    path = f"/playlists/{playlist['id']}/items"
    api("POST", path, json={"uris": [uris[0], uris[1], uris[0]]})
    assert api("DELETE", path, json={"items": [{"uri": uris[0]}]}).status_code == 200
    assert stored(simulator, playlist)["uris"] == [uris[1]]


def test_a_stale_snapshot_stops_reordering_and_removing_but_not_adding(simulator, api, playlist, uris):
    path, stale = f"/playlists/{playlist['id']}/items", playlist["snapshot_id"]
    fresh = api("POST", path, json={"uris": uris[:3], "snapshot_id": stale}).json()["snapshot_id"]
    assert fresh != stale
    move = {"range_start": 0, "insert_before": 2}
    assert api("PUT", path, json={**move, "snapshot_id": stale}).status_code == 400
    assert api("DELETE", path, json={"items": [{"uri": uris[0]}], "snapshot_id": stale}).status_code == 400
    assert stored(simulator, playlist)["uris"] == uris[:3]
    assert api("PUT", path, json={**move, "snapshot_id": fresh}).ok
    assert api("PUT", path, json={"uris": [], "snapshot_id": stale}).ok


def test_fields_pick_parts(api, playlist, uris):
    api("POST", f"/playlists/{playlist['id']}/items", json={"uris": uris[:3]})
    head = api("GET", f"/playlists/{playlist['id']}?fields=snapshot_id,name,owner.id,public").json()
    assert set(head) == {"snapshot_id", "name", "owner", "public"} and head["owner"] == {"id": "ada"}
    page = api("GET", f"/playlists/{playlist['id']}/items?limit=2&fields=items(item(uri)),total,next").json()
    assert page["items"] == [{"item": {"uri": uri}} for uri in uris[:2]] and page["total"] == 3
    assert "fields=" in page["next"]
    assert api("GET", f"/playlists/{playlist['id']}?fields=items(").status_code == 400


def test_details_change_with_an_empty_answer(simulator, api, playlist):
    answer = api("PUT", f"/playlists/{playlist['id']}", json={"name": "Still", "description": "d & e"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert stored(simulator, playlist)["name"] == "Still"
    assert stored(simulator, playlist)["snapshot_id"] != playlist["snapshot_id"]


def test_covers_are_base64_jpeg_of_limited_size(simulator, api, playlist):
    path, headers = f"/playlists/{playlist['id']}/images", {"Content-Type": "image/jpeg"}
    picture = b64encode(b"\xff\xd8\xff" + b"0" * 1000)
    answer = api("PUT", path, data=picture, headers=headers)
    assert (answer.status_code, answer.content) == (202, b"")
    assert stored(simulator, playlist)["has_cover"] and len(api("GET", path).json()) == 1
    assert api("PUT", path, data=b64encode(b"\xff\xd8" + b"0" * 200_000), headers=headers).status_code == 413
    assert api("PUT", path, data=picture[:60] + b"\n" + picture[60:], headers=headers).status_code == 400
    assert api("PUT", path, data=b64encode(b"GIF89a"), headers=headers).status_code == 400


def test_deleting_is_unfollowing_and_the_playlist_survives(simulator, api, playlist):
    uri = {"uris": f"spotify:playlist:{playlist['id']}"}
    assert api("GET", "/me/library/contains", params=uri).json() == [True]
    assert api("DELETE", "/me/library", params=uri).status_code == 200
    assert api("GET", "/me/library/contains", params=uri).json() == [False]
    assert playlist["id"] not in [one["id"] for one in api("GET", "/me/playlists").json()["items"]]
    assert api("GET", f"/playlists/{playlist['id']}").ok
    assert stored(simulator, playlist)["followed"] is False


def test_items_of_other_peoples_playlists_are_forbidden(api):
    other = next(one for one in api("GET", "/me/playlists").json()["items"] if one["owner"]["id"] != "ada")
    assert api("GET", f"/playlists/{other['id']}/items").status_code == 403
    assert "items" not in api("GET", f"/playlists/{other['id']}").json()
    assert api("POST", f"/playlists/{other['id']}/items", json={"uris": []}).status_code == 403


def test_private_playlists_of_others_are_not_found(simulator, playlist):
    ben = api_of(simulator, "ben")
    assert ben("GET", f"/playlists/{playlist['id']}").status_code == 404


def test_edits_by_hand_show_up_in_the_api(simulator, api, playlist, uris):
    before = stored(simulator, playlist)["snapshot_id"]
    edited = simulator.edit_playlist("add", playlist["id"], uris=uris[:2])
    simulator.edit_playlist("remove", playlist["id"], uris=uris[:1])
    simulator.edit_playlist("rename", playlist["id"], name="By hand")
    body = api("GET", f"/playlists/{playlist['id']}").json()
    assert edited["uris"] == uris[:2] and edited["snapshot_id"] != before
    assert (
        body["name"] == "By hand" and [entry["item"]["uri"] for entry in body["items"]["items"]] == uris[1:2]
    )
