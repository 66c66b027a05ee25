--- What the sandbox has said, by the MD5 of its sounds, so that it knows them when
-- it hears them; and the sounds that have an address.
local memory = {}

local MOST = 500 -- texts, and sounds with addresses

local texts, order = {}, {}
local sounds, ids = {}, {}

local function keep(map, list, key, value)
  if map[key] == nil then list[#list + 1] = key end
  map[key] = value
  if #list > MOST then map[table.remove(list, 1)] = nil end
end

---@param sound string
---@param text string
function memory.said(sound, text)
  keep(texts, order, ngx.md5(sound), text)
end

---@param md5 string of a sound
---@return string? text
function memory.text_of(md5)
  return texts[md5]
end

--- The id of a sound's address.
---@param sound string
---@return string
function memory.place(sound)
  local id = ngx.md5(sound)
  keep(sounds, ids, id, sound)
  return id
end

---@param id string
---@return string? sound
function memory.sound_at(id)
  return sounds[id]
end

return memory
