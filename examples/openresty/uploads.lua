--- Files of visitors. nginx writes a body to the disk as it comes, here it gets
-- a name, and from the disk it goes out: never through Lua.
-- luacheck: std +ngx_lua
local yuanjing = require "yuanjing"

local uploads = {}

local FOLDER = ngx.config.prefix() .. "uploads/"
local KEPT = 600 -- seconds: who uploads sends the form right after

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
  return yuanjing.file(FOLDER .. given.upload, { name = given.name })
end

-- Every file among parameters, or lists of them.
local function drop(value)
  if type(value) ~= "table" then return end
  if value.path then return remove(nil, value.path) end
  for _, one in pairs(value) do drop(one) end
end

--- Removes the files of parameters that have been sent.
uploads.drop = drop

return uploads
