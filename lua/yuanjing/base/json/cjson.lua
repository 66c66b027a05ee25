--- Our own instance of cjson: the host's settings do not change. NB: load it
-- together with the module. cjson.new() ends the process if the host has
-- chosen a locale whose decimal point has several bytes by then.
return require "yuanjing.base.dependency" "cjson".new()
