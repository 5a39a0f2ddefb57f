"""Tiled maps as texts, small enough to see what is in them."""

import base64
import gzip
import zlib

import numpy as np
import zstandard

# Two rows of four: grass, grass, forest (turned), nothing / water, mud, mud, a tile that nothing is said of.
GIDS = np.array([[1, 1, 2 | 0x80000000, 0], [3, 4, 4, 9]], np.uint32)

TILESET = """<tileset firstgid="1" name="ground" tilewidth="16" tileheight="16" tilecount="16" columns="4">
  <image source="ground.png" width="64" height="64"/>
  <tile id="0" type="grass"/>
  <tile id="1" class="forest"><properties><property name="Cost" type="float" value="2.5"/></properties></tile>
  <tile id="2"><properties>
    <property name="name" value="water"/><property name="solid" type="bool" value="true"/>
  </properties></tile>
  <tile id="3"><properties>
    <property name="terrain" value="mud"/><property name="data_cost" type="int" value="4"/>
  </properties></tile>
 </tileset>"""

OBJECTS = """<objectgroup id="2" name="things">
  <object id="1" name="start 1" x="8" y="8"><point/></object>
  <object id="2" name="Goal 1" type="" x="40" y="24"><point/></object>
  <object id="3" name="chest" gid="1" x="16" y="16" width="16" height="16"/>
  <object id="4" name="zone" x="0" y="0" width="32" height="32"/>
 </objectgroup>"""


def data_text(gids: np.ndarray, encoding: str, compression: str) -> str:
    """A `<data>` element, made without the code that is tested."""
    if encoding == "csv":
        rows = ",\n".join(",".join(str(gid) for gid in row) for row in gids.tolist())
        return f'<data encoding="csv">\n{rows}\n</data>'
    if encoding == "xml":
        tiles = "\n   ".join(f'<tile gid="{gid}"/>' if gid else "<tile/>" for gid in gids.ravel().tolist())
        return f"<data>\n   {tiles}\n  </data>"
    data = gids.astype("<u4").tobytes()
    pack = {"": bytes, "zlib": zlib.compress, "gzip": gzip.compress, "zstd": zstandard.ZstdCompressor().compress}
    text = base64.b64encode(pack[compression](data)).decode()
    named = f' compression="{compression}"' if compression else ""
    return f'<data encoding="base64"{named}>\n   {text}\n  </data>'


def tmx(data: str = "", *, more: str = "", objects: str = OBJECTS, width: int = 4, height: int = 2) -> bytes:
    """A `.tmx` map with a comment and an unknown element, which nobody may lose."""
    size = f'width="{width}" height="{height}" tilewidth="16" tileheight="16"'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand > "quoted" -->
<map version="1.10" orientation="orthogonal" {size} infinite="0" nextlayerid="4" nextobjectid="9">
 <properties><property name="mood" value="a &gt; b"/></properties>
 {TILESET}
 <weather strength='3'/>
 <layer id="1" name="Ground" width="{width}" height="{height}">
  {data or data_text(GIDS, "csv", "")}
 </layer>{more}
 {objects}
</map>
""".encode()
