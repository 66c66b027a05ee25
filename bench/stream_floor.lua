-- stream_floor.lua MODE URL
-- The least that a program with libcurl, a line splitter in C and cjson needs.
-- MODE: pull (the text is kept) | drop (it is not) | skim (no decode at all)
local mode, url = arg[1], arg[2]
local floor = require "floor"
local body = '{"model":"m","stream":true,"prompt":"hi"}'
if mode == "skim" then
  return print("chunks=" .. floor.skim(url, body) - 1)
end
local decode = require("cjson").decode
local texts, chunks, bytes = {}, 0, 0
for data in floor.open(url, body) do
  if data ~= "[DONE]" then
    local text = decode(data).choices[1].delta.content
    chunks, bytes = chunks + 1, bytes + #text
    if mode == "pull" then texts[chunks] = text end
  end
end
print("chunks=" .. chunks .. " bytes=" .. bytes .. " kept=" .. #texts)
