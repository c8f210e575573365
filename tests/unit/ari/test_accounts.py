"""Phones and trunks become configuration changes."""

from ari_app.ari.accounts import (
    ConfigChange,
    DeleteConfig,
    PhoneAccount,
    PutConfig,
    Trunk,
    add_phone,
    add_trunk,
    remove_phone,
    remove_trunk,
    request_for,
)


def fields_of(changes: list[ConfigChange], kind: str) -> dict[str, str]:
    (put,) = [each for each in changes if isinstance(each, PutConfig) and each.kind == kind]
    return dict(put.fields)


def test_a_phone_logs_in_with_its_name_and_password() -> None:
    changes = add_phone(PhoneAccount("agent-1", "s3cret", display_name='Sato "Ken"'))
    assert fields_of(changes, "auth") == {
        "auth_type": "digest",
        "username": "agent-1",
        "password": "s3cret",
    }
    endpoint = fields_of(changes, "endpoint")
    assert (endpoint["auth"], endpoint["aors"]) == ("agent-1", "agent-1")
    assert endpoint["callerid"] == "\"Sato 'Ken'\" <agent-1>"


def test_a_phone_in_the_browser_speaks_webrtc_and_is_given_up_when_it_falls_silent() -> None:
    endpoint = fields_of(
        add_phone(PhoneAccount("browser-1", "s3cret", in_browser=True)), "endpoint"
    )
    assert (endpoint["webrtc"], endpoint["dtls_auto_generate_cert"]) == ("yes", "yes")
    assert (endpoint["disallow"], endpoint["allow"]) == ("all", "ulaw")
    assert 0 < int(endpoint["rtp_timeout"]) <= 5
    desk_phone = fields_of(add_phone(PhoneAccount("agent-1", "s3cret")), "endpoint")
    assert not {"webrtc", "rtp_timeout"} & desk_phone.keys()


def test_a_changed_phone_stays_registered() -> None:
    """Deleting its aor would drop the contact that the phone registered."""
    assert not [
        each for each in add_phone(PhoneAccount("a", "b")) if isinstance(each, DeleteConfig)
    ]


def test_one_codec_on_every_leg_and_audio_through_us() -> None:
    for changes in (add_phone(PhoneAccount("a", "b")), add_trunk(Trunk("t", "192.0.2.1"))):
        endpoint = fields_of(changes, "endpoint")
        assert (endpoint["disallow"], endpoint["allow"]) == ("all", "ulaw")
        assert endpoint["direct_media"] == "no"
        assert endpoint["rtp_symmetric"] == endpoint["force_rport"] == "yes"
        assert endpoint["rewrite_contact"] == "yes"


def test_what_would_pile_up_is_deleted_first() -> None:
    changes = add_trunk(Trunk("main", "192.0.2.1"))
    for kind in ("aor", "identify"):
        delete = changes.index(DeleteConfig(kind, "trunk-main"))
        assert isinstance(changes[delete + 1], PutConfig)
        assert changes[delete + 1].kind == kind


def test_a_trunk_that_knows_us_by_address_needs_no_login() -> None:
    changes = add_trunk(Trunk("main", "192.0.2.1", 5080))
    kinds = [each.kind for each in changes if isinstance(each, PutConfig)]
    assert kinds == ["aor", "endpoint", "identify"]
    assert fields_of(changes, "aor")["contact"] == "sip:192.0.2.1:5080"
    assert fields_of(changes, "identify")["match"] == "192.0.2.1"
    assert "outbound_auth" not in fields_of(changes, "endpoint")
    assert "outbound_proxy" not in fields_of(changes, "endpoint")


def test_a_trunk_with_login_registers() -> None:
    changes = add_trunk(
        Trunk("main", "sip.example.com", username="0501", password="p", register=True)
    )
    registration = fields_of(changes, "registration")
    assert registration["server_uri"] == "sip:sip.example.com:5060"
    assert registration["client_uri"] == "sip:0501@sip.example.com"
    assert registration["outbound_auth"] == "trunk-main"
    assert registration["max_random_initial_delay"] == "0"
    assert fields_of(changes, "endpoint")["outbound_auth"] == "trunk-main"


def test_only_a_trunk_that_we_register_at_is_asked_whether_it_is_there() -> None:
    """Asterisk places no calls on a trunk that does not answer OPTIONS; some carriers do not."""
    asked = fields_of(add_trunk(Trunk("a", "sip.example", username="u", register=True)), "aor")
    assert asked["qualify_frequency"] == "60"
    assert fields_of(add_trunk(Trunk("a", "sip.example")), "aor")["qualify_frequency"] == "0"


def test_our_number_is_shown_to_the_called_person() -> None:
    endpoint = fields_of(add_trunk(Trunk("main", "192.0.2.1", from_user="0501")), "endpoint")
    assert (endpoint["send_pai"], endpoint["trust_id_outbound"]) == ("yes", "yes")
    assert endpoint["from_user"] == "0501"


def test_a_proxy_is_a_loose_route() -> None:
    for given in ("proxy.example.com", "sip:proxy.example.com", "sip:proxy.example.com;lr"):
        endpoint = fields_of(add_trunk(Trunk("m", "h", outbound_proxy=given)), "endpoint")
        assert endpoint["outbound_proxy"] == "sip:proxy.example.com;lr"


def test_other_transports_and_ipv6() -> None:
    changes = add_trunk(Trunk("main", "2001:db8::1", transport="tcp"))
    assert fields_of(changes, "aor")["contact"] == "sip:[2001:db8::1]:5060;transport=tcp"
    assert fields_of(changes, "endpoint")["transport"] == "transport-tcp"


def test_removing_takes_everything_away() -> None:
    assert {each.kind for each in remove_phone("a")} == {"endpoint", "aor", "auth"}
    removed = {(each.kind, each.name) for each in remove_trunk("main")}
    added = {
        (each.kind, each.name)
        for each in add_trunk(Trunk("main", "h", username="u", register=True))
    }
    assert added <= removed


def test_changes_go_to_the_place_where_asterisk_keeps_them() -> None:
    put = request_for(PutConfig("auth", "agent-1", (("username", "agent-1"),)))
    assert (put.method, put.uri) == ("PUT", "asterisk/config/dynamic/res_pjsip/auth/agent-1")
    assert put.body == {"fields": [{"attribute": "username", "value": "agent-1"}]}
    delete = request_for(DeleteConfig("registration", "trunk-main"))
    assert delete.uri == "asterisk/config/dynamic/res_pjsip/registration/trunk-main"
