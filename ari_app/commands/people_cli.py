"""`kakeru user …` and `kakeru workgroup …`: names and options; the work is in `people`."""

from enum import StrEnum
from typing import Annotated

import typer

from ari_app.commands.failures import WrongUsage
from ari_app.commands.terminal import DEFAULT_CONFIG, Config

user = typer.Typer(help="The people who log in.", no_args_is_help=True, rich_markup_mode=None)
workgroup = typer.Typer(help="Workgroups of people.", no_args_is_help=True, rich_markup_mode=None)


class PhoneMode(StrEnum):
    """How an agent's phone is used."""

    HELD = "held"
    PER_CALL = "per_call"


Login = Annotated[str, typer.Argument(metavar="LOGIN")]
GroupName = Annotated[str, typer.Argument(metavar="NAME")]
Workgroups = Annotated[
    list[str] | None,
    typer.Option("--workgroup", metavar="NAME", help="A workgroup of his; may be repeated."),
]
Phone = Annotated[
    str | None,
    typer.Option(
        metavar="ACCOUNT", help="SIP account of the phone, whose password is shown; or browser."
    ),
]


@user.command("add")
def add_user(
    login: Login,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The person's name; else the login.")
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="May administer.")] = False,
    no_calls: Annotated[bool, typer.Option("--no-calls", help="Does not call.")] = False,
    workgroups: Workgroups = None,
    projects: Annotated[
        list[str] | None,
        typer.Option("--project", metavar="NAME", help="A project of his; may be repeated."),
    ] = None,
    phone: Phone = None,
    phone_mode: Annotated[
        PhoneMode, typer.Option(help="Held open for the shift, or rung for each call.")
    ] = PhoneMode.HELD,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make the password and show it; else it is asked.")
    ] = False,
    invite: Annotated[
        bool, typer.Option("--invite", help="No password: show a link by which he sets his own.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Adds a user. The password is asked for, read from standard input, made (--generate),
    or left to the user himself (--invite)."""
    from ari_app.commands import people
    from ari_app.commands.passwords import asked_password, made_password

    if generate and invite:
        raise WrongUsage("--generate or --invite, not both")
    password = None
    if not invite:
        password = made_password() if generate else asked_password(login)
    new = people.NewUser(
        login=login,
        name=name or login,
        may_administer=admin,
        may_call=not no_calls,
        workgroups=workgroups or (),
        projects=projects or (),
        phone=phone,
        phone_mode=phone_mode.value,
    )
    for line in people.add_user(config, new, password):
        typer.echo(line)
    if generate:
        typer.echo(f"Password: {password}")


@user.command("list")
def list_users(
    in_workgroup: Annotated[
        str | None,
        typer.Option("--workgroup", metavar="NAME", help="Only who belongs to this workgroup."),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Also who was deactivated.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Every user with roles, workgroups, projects, phone and state."""
    from ari_app.commands import people
    from ari_app.commands.tables import print_table

    print_table(*people.list_users(config, in_workgroup, everybody=everybody))


@user.command("edit")
def edit_user(
    login: Login,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="The person's name.")] = None,
    new_login: Annotated[
        str | None, typer.Option("--login", metavar="LOGIN", help="Another login.")
    ] = None,
    admin: Annotated[
        bool | None, typer.Option("--admin/--no-admin", help="May administer, or not.")
    ] = None,
    calls: Annotated[
        bool | None, typer.Option("--calls/--no-calls", help="Calls, or does not.")
    ] = None,
    workgroups: Workgroups = None,
    phone: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="Another SIP account, or browser; '' takes it away."),
    ] = None,
    phone_mode: Annotated[
        PhoneMode | None, typer.Option(help="Held open for the shift, or rung for each call.")
    ] = None,
    new_phone_password: Annotated[
        bool, typer.Option("--new-phone-password", help="Make a new password of the phone.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Changes what is given and leaves the rest; workgroups are replaced as a whole."""
    from ari_app.commands import people

    edit = people.UserEdit(
        login=new_login,
        name=name,
        may_administer=admin,
        may_call=calls,
        workgroups=workgroups,
        phone=phone,
        phone_mode=phone_mode.value if phone_mode else None,
        new_phone_password=new_phone_password,
    )
    for line in people.edit_user(config, login, edit):
        typer.echo(line)


@user.command("deactivate")
def deactivate_user(
    login: Login,
    give_to: Annotated[
        str | None, typer.Option(metavar="LOGIN", help="Who gets what is in his MyBox.")
    ] = None,
    release: Annotated[
        bool, typer.Option("--release", help="What is in his MyBox is released.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """He cannot log in any more; history keeps his name."""
    from ari_app.commands import people

    if give_to is not None and release:
        raise WrongUsage("--give-to LOGIN or --release, not both")
    typer.echo(people.deactivate_user(config, login, give_to=give_to, release=release))


@user.command("activate")
def activate_user(login: Login, config: Config = DEFAULT_CONFIG) -> None:
    """Lets a deactivated user in again, with his old password."""
    from ari_app.commands import people

    typer.echo(people.activate_user(config, login))


@user.command("reset-link")
def reset_link(
    login: Login,
    remove_second_factor: Annotated[
        bool, typer.Option("--remove-second-factor", help="Also for who has lost his phone.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Shows a link by which the user sets a new password; good once, for 72 hours."""
    from ari_app.commands import people

    for line in people.reset_link(config, login, remove_second_factor=remove_second_factor):
        typer.echo(line)


# --- workgroups -----------------------------------------------------------------------------


@workgroup.command("add")
def add_workgroup(name: GroupName, config: Config = DEFAULT_CONFIG) -> None:
    """Adds a workgroup."""
    from ari_app.commands import people

    typer.echo(people.add_workgroup(config, name))


@workgroup.command("list")
def list_workgroups(config: Config = DEFAULT_CONFIG) -> None:
    """Every workgroup with its users, prohibitions in force, and campaigns."""
    from ari_app.commands import people
    from ari_app.commands.tables import print_table

    print_table(*people.list_workgroups(config))


@workgroup.command("rename")
def rename_workgroup(
    name: GroupName,
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Gives it another name; campaign files that name it are told, to be changed by hand."""
    from ari_app.commands import people

    for line in people.rename_workgroup(config, name, new_name):
        typer.echo(line)


@workgroup.command("delete")
def delete_workgroup(name: GroupName, config: Config = DEFAULT_CONFIG) -> None:
    """Deletes it, unless it has users, prohibitions in force or campaigns."""
    from ari_app.commands import people

    typer.echo(people.delete_workgroup(config, name))


@workgroup.command("members")
def members(
    name: GroupName,
    add: Annotated[
        list[str] | None, typer.Option(metavar="LOGIN", help="Joins it; may be repeated.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="LOGIN", help="Leaves it; may be repeated.")
    ] = None,
    manager: Annotated[
        list[str] | None,
        typer.Option(metavar="LOGIN", help="Becomes its manager; may be repeated."),
    ] = None,
    no_manager: Annotated[
        list[str] | None,
        typer.Option(metavar="LOGIN", help="Is its manager no longer; may be repeated."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Who belongs to it and manages it, after those who join, leave and change."""
    from ari_app.commands import people
    from ari_app.commands.tables import print_table

    changes = people.MemberChanges(add or (), remove or (), manager or (), no_manager or ())
    print_table(*people.members(config, name, changes))
