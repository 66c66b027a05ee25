--- The category of a call: its field, and its names. Users may write the
-- platform's name, a heading of its documents, another vendor's name, or the
-- `type` in a task's usage.
local category = {
  --- The name of the field, in the platform's own spelling.
  FIELD = "catelogid",
  --- The usual ones.
  NAMES = { "t2t", "t2i", "t2v", "i2v", "ref2v" },
}

local ALIASES = {
  ["文本生成"] = "t2t", ["文生文"] = "t2t", text2text = "t2t",
  ["文生图"] = "t2i", ["文生图片"] = "t2i", text2image = "t2i",
  ["文生视频"] = "t2v", text2video = "t2v",
  ["图生视频"] = "i2v", ["首尾帧"] = "i2v", ["首尾帧生视频"] = "i2v",
  image2video = "i2v",
  ["参考生视频"] = "ref2v", ["参考图生视频"] = "ref2v", r2v = "ref2v",
  reference2video = "ref2v", refer2video = "ref2v",
}

--- The platform's name of a category. A text that is no known alias stays as
--- it is.
---@param text string
---@return string
function category.named(text)
  return ALIASES[text] or text
end

--- The value to send if a user gave `category`, the platform's own field, or
--- both. The platform's field may hold a name that this module does not know.
---@param ours? string
---@param wire? string
---@return string?
function category.chosen(ours, wire)
  return ours and category.named(ours) or wire
end

--- Whether a user gave two different categories in the two fields.
---@param ours? string
---@param wire? string
---@return boolean
function category.contradict(ours, wire)
  return ours ~= nil and wire ~= nil
    and category.named(ours) ~= category.named(wire)
end

--- "category, catelogid", for the message about that.
category.BOTH = "category, " .. category.FIELD

return category
