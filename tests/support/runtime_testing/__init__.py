"""What the runtime's tests share: models made to measure, a real server, real web servers."""
