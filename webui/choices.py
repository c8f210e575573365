"""What selections offer a viewer."""

from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import workgroups
from dialer.users import User
from dialer.workgroups import Workgroup


async def workgroups_for(connection: AsyncConnection, viewer: User) -> list[Workgroup]:
    """His own workgroups by name; all of them for an admin."""
    return [
        group
        for group in await workgroups.list_workgroups(connection)
        if viewer.acts_as_admin or group.id in viewer.workgroup_ids
    ]
