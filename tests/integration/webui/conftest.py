from tests.fakes.web_fixtures import browser, new_browser, team_template, world

__all__ = ["browser", "new_browser", "team_template", "world"]
