--- What is taken of what a visitor sends: what the catalog names, and files by
--- their upload only. Anything else could name a file of ours.
-- luacheck: std +ngx_lua
local answers = require "answers"
local catalog = require "yuanjing.generation.catalog"
local cjson = require "cjson.safe"
local talks = require "talks"
local uploads = require "uploads"

local request = {}

local function read_body()
  ngx.req.read_body()
  local given = cjson.decode(ngx.req.get_body_data() or "")
  return type(given) == "table" and given or {}
end

local CHAT = { "model", "prompt", "sys_prompt", "messages" }

--- The parameters of a chat, and the id of the conversation that it goes on with,
--- if there is one.
function request.chat()
  local given, params = read_body(), { stream = true }
  for _, name in ipairs(CHAT) do
    if given[name] ~= cjson.null then params[name] = given[name] end
  end
  return params, talks.is_id(given.talk) and given.talk or nil
end

-- The file or the files of a parameter; nil: there is none.
local function media_of(param, given)
  if type(given) ~= "table" then return nil end
  if param.type == "file" then return uploads.file(given) end
  local list = {}
  for _, one in ipairs(given) do list[#list + 1] = uploads.file(one) end
  return #list > 0 and list or nil
end

--- The parameters of an image or a video; nil when what is wrong was answered.
---@param kind "image"|"video"
function request.media(kind)
  local given = read_body()
  local row = catalog.find("v1", given.model, given.category)
  if not row or row.kind ~= kind then
    return answers.refuse("model: not one of the catalog's")
  end
  local params = { model = row.model, category = row.category }
  for _, param in ipairs(row.params) do
    local value = given[param.name]
    if param.role then
      params[param.name] = media_of(param, value)
    elseif not param.const and value ~= cjson.null then
      params[param.name] = value
    end
  end
  return params
end

return request
