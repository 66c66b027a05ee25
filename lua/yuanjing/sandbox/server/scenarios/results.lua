--- What a finished task tells of its files, and an active asset of its own.

return {
  { name = "result-array", help = "each address in an array",
    result = function(result) result.as_list = true end },
  { name = "result-many", takes = "n", default = 3,
    help = "so many images, in an array",
    begin = function(task, n)
      if task.kind ~= "image" then return end
      for i = 2, n do task.names[i] = ("image_%d.png"):format(i) end
    end },
  { name = "result-more", help = "audio, output and text as well",
    result = function(result)
      result.names.audio = { "audio.wav" }
      result.names.output = result.names.video or result.names.image
      result.text = "made in the sandbox"
    end },
  { name = "result-none", help = "no addresses at all",
    result = function(result) result.names = {} end },
  { name = "result-host", takes = "host", default = "127.0.0.1:443",
    help = "the addresses, http still, name this host[:port]",
    result = function(result, host) result.host = host end },
  { name = "signed", takes = "seconds", default = 60,
    help = "the addresses are signed and good for so long; later: 403",
    result = function(result, seconds) result.valid = seconds end,
    file = function(download, seconds) download.valid = seconds end },
  { name = "expired", takes = "n", default = 1,
    help = "the addresses of the first n answers are not good any more: 403",
    result = function(result) result.marked = true end,
    file = function(download, n) download.expired_issues = n end },
  { name = "size", takes = "bytes", default = 1048576,
    help = "the files have so many bytes, and open all the same",
    file = function(download, bytes)
      download.size = math.max(download.size or 0, math.floor(bytes))
    end },
}
