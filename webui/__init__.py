"""What people see in the browser: pages, live updates and security."""
