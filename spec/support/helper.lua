-- Loaded by busted before the specs. $YJ_GC_PAUSE=0 runs the collector all the
-- time, which finds objects that are used after they became unreachable.
local pause = tonumber(os.getenv("YJ_GC_PAUSE"))
if pause then
  collectgarbage("setpause", pause)
end

-- $YJ_LOCALE is the locale that a host may have set, for all specs
-- (spec/run.sh); but system messages, "No such file or directory", stay in
-- English.
local locale = os.getenv("YJ_LOCALE")
for _, category in ipairs(locale and { "numeric", "ctype", "collate" } or {}) do
  assert(os.setlocale(locale, category), "no locale " .. locale .. " here")
end
