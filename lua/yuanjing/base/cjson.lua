--- cjson, as an instance of our own: the host's settings stay the host's. Loaded
-- with the module: cjson.new() ends the process where the host has chosen a locale
-- whose point has several bytes by then.
return require "yuanjing.base.dependency" "cjson".new()
