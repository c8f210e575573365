"""Who may do what: the roles of the product, route by route.

Every route stands here once, under who may enter it. This is what was decided; the table of
`webui.routes` is what is done, and `test_roles` compares the two by asking for every route.
"""

from enum import StrEnum


class Who(StrEnum):
    """Whom a route lets in."""

    ANYONE = "anyone, logged in or not"
    SIGNED_IN = "every user; what he sees there is his own, or of his projects and workgroups"
    AGENT = "who is in the role of a user"
    PROJECT = "who is assigned to the project of the thing named, and an admin"
    AGENT_PROJECT = "who is in the role of a user and assigned to the project of the thing named"
    ADMIN = "who is in the role of an admin"


MATRIX: dict[Who, str] = {
    Who.ANYONE: """
        GET /login
        POST /login
        GET /login/code
        POST /login/code
        GET /welcome/{token}
        GET /welcome
        POST /welcome
        POST /preferences/language
        POST /preferences/theme
    """,
    Who.SIGNED_IN: """
        GET /
        POST /logout
        POST /preferences/role
        GET /account
        POST /account
        POST /account/password
        POST /account/sign-out
        POST /account/second-factor
        POST /account/second-factor/confirm
        POST /account/second-factor/off
        POST /account/recovery-codes
        GET /live
        GET /leads
        GET /leads/rows
        GET /leads/count
        POST /leads/columns
        POST /leads/views
        POST /leads/views/usual
        POST /leads/views/{view_id}
        POST /leads/views/{view_id}/delete
        POST /leads/views/{view_id}/start
        POST /leads/bulk/mybox
        POST /leads/bulk/give
        POST /leads/bulk/release
        POST /leads/bulk/prohibit
        GET /leads/new
        POST /leads/new
        POST /leads/new/duplicates
        GET /leads/bulk/edit
        POST /leads/bulk/edit
        GET /api/why
        GET /callbacks
        GET /callbacks/rows
        GET /prohibitions
        GET /prohibitions/rows
        POST /prohibitions
        POST /prohibitions/list
        GET /prohibitions/report.csv
        GET /campaigns
        GET /history
        GET /history/rows
        GET /examples
        GET /examples/rows
        POST /examples/{example_id}
        POST /examples/{example_id}/remove
    """,
    Who.AGENT: """
        GET /desk
        GET /desk/update
        POST /desk/ready
        POST /desk/away
        POST /desk/offline
        POST /desk/hang-up
        POST /desk/recording/pause
        POST /desk/recording/resume
        GET /desk/words
        POST /desk/phone
        GET /desk/phone/line
    """,
    Who.PROJECT: """
        GET /leads/{lead_id}
        POST /leads/{lead_id}/mybox
        POST /leads/{lead_id}/mybox/release
        POST /leads/{lead_id}/mybox/give
        POST /leads/{lead_id}/mybox/end
        POST /leads/{lead_id}/prohibit
        POST /leads/{lead_id}/memo
        POST /leads/{lead_id}/callback
        POST /leads/{lead_id}/callback/close
        GET /leads/{lead_id}/timeline
        GET /leads/{lead_id}/fields/{field}
        POST /leads/{lead_id}/fields/{field}
        GET /leads/{lead_id}/contacts
        GET /leads/{lead_id}/contacts/new
        POST /leads/{lead_id}/contacts
        GET /leads/{lead_id}/contacts/{contact_id}
        POST /leads/{lead_id}/contacts/{contact_id}
        POST /leads/{lead_id}/contacts/{contact_id}/move
        POST /leads/{lead_id}/contacts/{contact_id}/remove
        GET /leads/{lead_id}/why
        GET /leads/{lead_id}/why/past
        GET /campaigns/{campaign}
        GET /history/{call_id}
        GET /recordings/{call_id}
        GET /recordings/{call_id}/audio
        GET /recordings/{call_id}/download
        GET /recordings/{call_id}/words
        GET /recordings/{call_id}/comments
        POST /recordings/{call_id}/comments
        POST /recordings/{call_id}/comments/{comment_id}
        POST /recordings/{call_id}/comments/{comment_id}/delete
        POST /recordings/{call_id}/bookmarks
        POST /recordings/{call_id}/bookmarks/remove
        GET /recordings/{call_id}/examples
        POST /recordings/{call_id}/examples
        GET /recordings/{call_id}/link
        GET /recordings/{call_id}/heard-by
    """,
    Who.AGENT_PROJECT: """
        POST /desk/calls/{call_id}/result
        POST /desk/calls/{call_id}/memo
        POST /leads/{lead_id}/dial
    """,
    Who.ADMIN: """
        GET /leads/merge
        POST /leads/merge
        GET /leads/duplicates
        GET /leads/duplicates/rows
        GET /leads/bulk/move
        POST /leads/bulk/move
        POST /leads/bulk/delete
        POST /leads/bulk/restore
        GET /workgroups
        GET /workgroups/rows
        POST /workgroups
        GET /workgroups/{workgroup_id}
        POST /workgroups/{workgroup_id}
        POST /workgroups/{workgroup_id}/users
        POST /workgroups/{workgroup_id}/users/remove
        POST /workgroups/{workgroup_id}/managers
        POST /workgroups/{workgroup_id}/managers/remove
        POST /workgroups/{workgroup_id}/delete
        GET /users
        GET /users/rows
        POST /users
        GET /users/{user_id}
        POST /users/{user_id}
        POST /users/{user_id}/link
        POST /users/{user_id}/sign-out
        POST /users/{user_id}/second-factor/remove
        POST /users/{user_id}/phone
        POST /users/{user_id}/phone/password
        POST /users/{user_id}/deactivate
        POST /users/{user_id}/activate
        GET /leads/export
        GET /leads/export/check
        POST /leads/{lead_id}/lift
        POST /leads/{lead_id}/delete
        POST /leads/{lead_id}/restore
        GET /imports
        GET /imports/rows
        POST /imports
        GET /imports/{import_id}
        GET /imports/{import_id}/state
        GET /imports/{import_id}/news
        GET /imports/{import_id}/notes
        GET /imports/{import_id}/rows.csv
        GET /imports/{import_id}/rows.xlsx
        POST /imports/{import_id}/plan
        POST /imports/{import_id}/check
        POST /imports/{import_id}/decisions
        POST /imports/{import_id}/back
        POST /imports/{import_id}/import
        POST /imports/{import_id}/cancel
        POST /imports/{import_id}/go-on
        POST /imports/{import_id}/undo
        GET /prohibitions.csv
        POST /prohibitions/lift
        POST /prohibitions/list/lift
        GET /setup
        GET /projects
        POST /projects
        GET /projects/{project_id}
        POST /projects/{project_id}
        GET /projects/{project_id}/counts
        POST /projects/{project_id}/copy
        POST /projects/{project_id}/close
        POST /projects/{project_id}/reopen
        GET /projects/{project_id}/users
        POST /projects/{project_id}/users
        GET /projects/{project_id}/users/candidates
        POST /projects/{project_id}/users/remove
        GET /projects/{project_id}/hours
        POST /projects/{project_id}/hours
        POST /projects/{project_id}/hours/picture
        GET /projects/{project_id}/script
        POST /projects/{project_id}/script
        POST /projects/{project_id}/script/preview
        GET /projects/{project_id}/campaigns
        POST /projects/{project_id}/campaigns
        GET /fields
        POST /fields
        GET /fields/{field_set_id}
        GET /fields/{field_set_id}/rows
        GET /fields/{field_set_id}/preview
        GET /fields/{field_set_id}/edit
        GET /fields/{field_set_id}/values
        GET /fields/{field_set_id}/misfits.csv
        POST /fields/{field_set_id}/draft
        POST /fields/{field_set_id}/save
        POST /fields/{field_set_id}/order
        POST /fields/{field_set_id}/rename
        POST /fields/{field_set_id}/copy
        POST /fields/{field_set_id}/field/delete
        POST /fields/{field_set_id}/delete
        GET /results
        POST /results
        GET /results/{result_set_id}
        GET /results/{result_set_id}/rows
        GET /results/{result_set_id}/stages
        GET /results/{result_set_id}/preview
        GET /results/{result_set_id}/edit
        POST /results/{result_set_id}/save
        POST /results/{result_set_id}/order
        POST /results/{result_set_id}/retire
        POST /results/{result_set_id}/result/delete
        POST /results/{result_set_id}/category
        POST /results/{result_set_id}/category/delete
        POST /results/{result_set_id}/stage
        POST /results/{result_set_id}/stages/order
        POST /results/{result_set_id}/stage/delete
        POST /results/{result_set_id}/rename
        POST /results/{result_set_id}/copy
        POST /results/{result_set_id}/delete
        POST /recordings/{call_id}/words
        GET /retention
        GET /retention/next
        GET /retention/holds
        POST /retention/holds
        POST /retention/holds/lift
        GET /audit
        GET /audit/rows
        GET /audit.csv
        GET /history.csv
        POST /campaigns/{campaign}/start
        POST /campaigns/{campaign}/pause
        POST /campaigns/{campaign}/stop
        GET /floor
        GET /floor/words/{call_id}
        POST /floor/phrases/{call_id}
    """,
}

PLACES: dict[str, Who] = {
    " ".join(line.split()): who
    for who, lines in MATRIX.items()
    for line in lines.strip().splitlines()
}
"""`METHOD /path/{name}` → who may."""
