-- A server that gives one answer after the other, whatever is asked, and the last
-- one for ever. An answer is a table for JSON with status 200, the bytes
-- themselves, "reset" for a reset connection, or a number of seconds to wait for
-- the client to close.
local json = require "yuanjing.base.json"
local scripted = require "support.scripted"
local support = require "support"

local answering = {}

--- The bytes of an answer.
---@param answer table|string
---@return string
function answering.bytes_of(answer)
  if type(answer) == "string" then return answer end
  return scripted.answer(200, {}, assert(json.encode(answer)))
end

local function step_of(answer)
  if answer == "reset" then return { "reset" } end
  if type(answer) == "number" then return { "wait_close", answer } end
  return { "send", answering.bytes_of(answer) }
end

--- A client of a server, which does not retry unless the options say so.
---@param url string
---@param options? yuanjing.Options
---@return yuanjing.Client
function answering.client(url, options)
  options = options or {}
  options.base_url, options.api_key = url, "sk-secret"
  options.retries = options.retries or 0
  return require("yuanjing").new(options)
end

--- Starts the server.
---@param list (table|string|number)[]
---@return table server
function answering.serve(list)
  local turns = {}
  for n, answer in ipairs(list) do turns[n] = { step_of(answer) } end
  return support.serve { turns = turns }
end

return answering
