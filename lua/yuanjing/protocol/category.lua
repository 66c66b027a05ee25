--- The category of a call: its field, and the words for it. People have those of
-- the documents' headings, of other vendors, and of the `type` in a task's usage.
local category = {
  --- Its name on the wire, in the platform's own spelling.
  FIELD = "catelogid",
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

--- The platform's word for a category; a text that is no other word for one
--- stays as it is.
---@param text string
---@return string
function category.named(text)
  return ALIASES[text] or text
end

--- What goes out where a category is given as `category`, by the wire's name, or
--- both. The wire's own field may have a word that is new to us.
---@param ours? string
---@param wire? string
---@return string?
function category.chosen(ours, wire)
  return ours and category.named(ours) or wire
end

--- Whether the two ways to give a category say different things.
---@param ours? string
---@param wire? string
---@return boolean
function category.contradict(ours, wire)
  return ours ~= nil and wire ~= nil
    and category.named(ours) ~= category.named(wire)
end

--- "category, catelogid", to say so.
category.BOTH = "category, " .. category.FIELD

return category
