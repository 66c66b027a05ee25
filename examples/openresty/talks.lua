--- Conversations between their requests: each is a text in shared memory, which
-- any worker can go on with. Only who knows its id finds it, so the page makes up
-- a random one. (For several machines a Redis does what the dictionary does here.)
-- luacheck: std +ngx_lua
local talks = {}

local KEPT = 7 * 24 * 3600 -- seconds after the last answer
local TURNS = 20           -- that go along with the next question

local dictionary = ngx.shared.talks

--- Whether that can be an id: 32 hexadecimal digits.
function talks.is_id(value)
  return type(value) == "string" and #value == 32 and not value:find("%X")
end

--- The conversation of that id, or a new one.
---@param client yuanjing.Client
---@param id string
---@return yuanjing.Conversation?
---@return yuanjing.Error? err
function talks.open(client, id)
  return client:conversation { from_json = dictionary:get(id) }
end

---@param id string
---@param talk yuanjing.Conversation
function talks.keep(id, talk)
  talk:trim { keep = TURNS }
  local text, err = talk:to_json()
  local ok, problem
  if text then ok, problem = dictionary:set(id, text, KEPT) end
  if not ok then ngx.log(ngx.WARN, "not kept: ", problem or tostring(err)) end
end

--- What was said in it, for the page: { role, content } of each | nil: nothing.
---@param talk yuanjing.Conversation
---@return table[]?
function talks.said(talk)
  local list = {}
  for _, message in ipairs(talk.messages) do
    if type(message.content) == "string" and message.content ~= "" then
      list[#list + 1] = { role = message.role, content = message.content }
    end
  end
  return #list > 0 and list or nil
end

return talks
