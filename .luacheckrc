std = "lua54"
max_line_length = 120
unused_args = true
ignore = { "212/_.*" }
files["tests/spec"] = { std = "+busted", max_line_length = 140 }
files["tests/workflow"] = { std = "+busted", max_line_length = 140 }
exclude_files = { "build*" }
