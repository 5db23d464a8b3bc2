std = "lua54"
max_line_length = 120
unused_args = true
ignore = { "212/_.*" }
files["tests/spec"] = { std = "+busted" }
files["tests/workflow"] = { std = "+busted" }
exclude_files = { "build*" }
