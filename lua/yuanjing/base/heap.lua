--- A heap of entries by their time `at`, the earliest first. An entry is in
-- one heap at a time and knows its place there, so that it can be removed
-- early.
local heap = {}
heap.__index = heap

local function put(self, place, entry)
  self[place], entry.place = entry, place
end

local function sift_up(self, place, entry)
  while place > 1 do
    local parent = math.floor(place / 2)
    if self[parent].at <= entry.at then break end
    put(self, place, self[parent])
    place = parent
  end
  put(self, place, entry)
end

local function sift_down(self, place, entry)
  local child, at = 2 * place, entry.at
  local first = self[child]
  while first do
    local other = self[child + 1]
    if other and other.at < first.at then child, first = child + 1, other end
    if first.at >= at then break end
    self[place], first.place = first, place
    place, child = child, 2 * child
    first = self[child]
  end
  put(self, place, entry)
end

---@param entry { at: number }
function heap:push(entry)
  sift_up(self, #self + 1, entry)
end

--- Removes an entry; does nothing if the entry is in no heap.
---@param entry { at: number }
function heap:remove(entry)
  local place, last = entry.place, self[#self]
  if not place then return end
  self.moving = last -- or it could be collected if this is interrupted
  entry.place, self[#self] = nil, nil
  if last ~= entry then
    sift_up(self, place, last)
    sift_down(self, last.place, last)
  end
  self.moving = nil
end

--- Removes and returns the earliest entry, or nil.
function heap:pop()
  local first = self[1]
  if first then self:remove(first) end
  return first
end

---@return table heap empty; its first entry is heap[1]
function heap.new()
  return setmetatable({}, heap)
end

return heap
