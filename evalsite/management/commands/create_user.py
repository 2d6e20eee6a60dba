"""`evalsite create-user`: somebody who may sign in."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from evalsite.commands import CommandFailed, SiteCommand
from evalsite.people import read_password
from experiments.models import Membership, Project, Role


class Command(SiteCommand):
    """Make a user and, if asked for, a member of a project."""

    help = "Make a user; with --project also a member of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument(
            "--password", action="store_true", help="ask for a password, or read a line of standard input; else links"
        )
        parser.add_argument("--staff", action="store_true", help="an administrator, who may also open the admin")
        parser.add_argument("--project", metavar="NAME", help="make the user a member of this project")
        parser.add_argument("--role", choices=Role.values, default=Role.EDITOR, help="what a member may do")

    @transaction.atomic
    def handle(self, **options: Any) -> None:
        """Make the user and the membership, or neither."""
        project = self._project(options["project"])
        user = get_user_model()(username=options["username"], email=options["email"])
        user.is_staff = user.is_superuser = options["staff"]
        try:
            user.clean_fields(exclude=["password"])
            user.validate_unique()
        except ValidationError as error:
            raise CommandFailed(" ".join(error.messages), returncode=2) from error
        user.set_password(read_password(user) if options["password"] else None)
        user.save()
        self.stdout.write(f"{user.username} may sign in (evalsite sign-in-link {user.username}).")
        if project:
            Membership.objects.create(project=project, user=user, role=options["role"])
            self.stdout.write(f"{user.username} is {Role(options['role']).label} of {project}.")

    def _project(self, name: str | None) -> Project | None:
        if name is None:
            return None
        project: Project | None = Project.objects.filter(name=name).first()
        if project is None:
            raise CommandFailed(f'There is no project "{name}".', returncode=2)
        return project
