-- Loaded by busted before the specs. $YJ_GC_PAUSE=0 keeps the collector going
-- all the time, which finds what is used after nothing holds it any more.
local pause = tonumber(os.getenv("YJ_GC_PAUSE"))
if pause then
  collectgarbage("setpause", pause)
end
