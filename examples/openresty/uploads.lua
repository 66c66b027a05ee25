--- Files of visitors. nginx writes a body to the disk as it comes, here it gets
-- a name, and from the disk it goes out: never through Lua.
-- luacheck: std +ngx_lua
local yuanjing = require "yuanjing"

local uploads = {}

local FOLDER = ngx.config.prefix() .. "uploads/"
local KEPT = 600 -- seconds: who uploads sends the form right after

-- The files made here, and no look-alike out of a visitor's JSON.
local ours = setmetatable({}, { __mode = "k" })

local function remove(_, path)
  os.remove(path)
end

--- Takes a request's body: the name it has from now on, which nobody can guess;
--- nil: there is none.
function uploads.receive()
  ngx.req.read_body()
  local body = ngx.req.get_body_file()
  if not body then return nil end
  local name = ngx.var.request_id
  os.rename(body, FOLDER .. name)
  ngx.timer.at(KEPT, remove, FOLDER .. name)
  return name
end

--- The file of { upload =, name = }; nil: that is none.
function uploads.file(given)
  if type(given) ~= "table" or type(given.upload) ~= "string"
    or type(given.name) ~= "string" or not given.upload:find("^%x+$") then
    return nil
  end
  local file = yuanjing.file(FOLDER .. given.upload, { name = given.name })
  ours[file] = true
  return file
end

--- Removes the files among parameters, which have been sent.
function uploads.drop(params)
  for _, value in pairs(params) do
    if ours[value] then
      os.remove(value.path)
    elseif type(value) == "table" then
      uploads.drop(value)
    end
  end
end

return uploads
