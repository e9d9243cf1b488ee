# SPDX-License-Identifier: ISC
"""The addresses that email_values.py tries."""

import random
import unicodedata

BY_HAND = """
    user@example.com User.Name+tag@Example.COM a@b.co a@b.c a@b.c1 a@b.1c
    x@example.org x@example x@com x@localhost x@host.localhost x@a.test
    x@test x@a.invalid x@a.local x@a.onion x@1.168.192.in-addr.arpa
    x@a.arpa x@localhost.com x@mylocal x@notlocal.example x@a.LOCAL
    @example.com user@ user @ @@ a@b@c.com a@@b.com a@b.com@ ""
    .a@b.com a.@b.com a..b@b.com a.b.c@b.com a@.b.com a@b.com. a@b..com
    "quoted"@b.com "a@b"@c.com a"b@c.com a\\b@c.com (c)a@b.com a(c)@b.com
    a@b.com(c) <a@b.com> a,b@c.com a;b@c.com a:b@c.com a[b@c.com a]b@c.com
    a@[127.0.0.1] a@[IPv6:::1] a@127.0.0.1 a@1.2.3.4 a@b_c.com a@_b.com
    a@-b.com a@b-.com a@b.-com a@b.com- a@b--c.com a@ab--c.com a@a-b.com
    a@b.c-d a@xn--a.com a@xn--.com a@xn---.com a@xn--a-.com a@XN--FSQ.com
    a@xn--fsq.com a@xn--fsqu00a.xn--0zwm56d a@xn--bcher-kva.com
    a@XN--BCHER-KVA.Com a@xn--Bcher-Kva.com a@xn--bcher-kvaa.com
    a@xn--strae-oqa.de a@xn--strasse-.de a@xn--fa-hia.de a@xn--zca.com
    a@xn--abc.com a@xn--99999999999.com a@xn--ls8h.la a@xn--nxasmm1c.com
    a@xn--a.xn--b a@xn--11b4c3d.xn--11b4c3d a@xn---fsq.com a@xn--xn---epa.com
    a@xn--mgbaal8b0b9b2b.com a@xn--wgbl6a.com a@xn--0ca.com a@xn--eckwd4c7c.jp
    a@xn--kgbechtv.com a@xn--xn.com a@x.xn--p1ai a@foo.xn--vermgensberatung-pwb
    !#$%&'*+-/=?^_`{|}~@b.com {a}@b.com a|b@c.com a%b@c.com a/b=c@d.com -@b.com
    _@b.com 0@b.com a@0.com a@0.0 a@b.0c a@b.c0 a@b.museum a@b.c.d.e.f.g.hi
    jürgen@example.com JÜRGEN@BÜCHER.example user@bücher.de user@BÜCHER.DE
    user@straße.de user@STRASSE.de user@STRAẞE.de user@faß.de user@ςσ.gr
    user@ΒΌΛΟΣ.com user@βόλος.com user@例え.jp user@例え。jp user@例え．jp
    user@例え｡jp user@例え‥jp user@例え…jp user@a․com user@a。com user@ａｂ．ｃｏｍ
    ｕｓｅｒ@b.com user＠b.com user@b＠c.com user@℀.com user@½.com user@⒈com
    user@①.com user@ⅷ.com user@K.com user@ﬀ.com user@ℌ.com user@☃.com user@😀.com
    😀@b.com 用户@例子.广告 संपर्क@डाटामेल.भारत квіточка@пошта.укр
    χρήστης@παράδειγμα.ελ
    Dörte@Sörensen.example.com коля@пример.рф испытание@пример.испытание
    ñoñó@example.com ñoñó@example.com á@b.com à.b@c.com é..a@b.com .é@b.com
    é.@b.com é"@b.com é @b.com a@à.com a@à.com a@à̖.com a@à̖.com
    אבג@דהו.com a@אב1.com a@1אב.com a@אב-.com a@אa.com a@aא.com a@א1ب.com
    a@ا١.com a@ا1١.com a@א.1a.com a@נ־ו.com a@a.א a@אב.גד a@1.אב.com
    a@l·l.com a@a·b.com a@l·.com a@·l.com a@α͵β.com a@α͵b.com a@א׳.com
    a@a׳.com a@ア・イ.com a@a・b.com a@・.com a@a・ア.com a@٠١.com a@٠۰.com a@ا٠۰.com
    a@۰.com ;@b.com é;@b.com é`@b.com Å@b.com Ω@b.com 〈@b.com a@;.com
    a@ß.com a@ß.ß a@I.com a@İ.com a@ı.com a@ǆ.com a@Ⴀ.com a@ᲀ.com a@ꭰ.com
    a@Ꭰ.com a@ⴀ.com a@ა.com a@Ა.com a@한.com a@한.com a@한국.kr a@ᄀ.com a@カ゛.com
    a@ｶﾞ.com a@が.com a@ﷺ.com a@ﷲ.com a@㋿.com a@㍻.com a@℡.com a@㎏.com
    a@b.c。 a@。b.com a@b。。com a@b.com。
""".split()

INVISIBLE = [
    " user@b.com", "user@b.com ", "us er@b.com", "user@b .com", "user@ b.com",
    "user @b.com", "user@b.com\n", "\tuser@b.com", "user@b.com\r\n",
    "user@b\x7f.com", "us\x01er@b.com", "user@\x01b.com", "user@b\x85.com",
    "a\u00a0b@c.com", "a\u200bb@c.com", "a\u200db@c.com", "a\u00adb@c.com",
    "a@b\u00ad.com", "a@\u00ad.com", "a@b.\u00ad.com", "a@b\u200b.com",
    "a@\u200bb.com", "a@b.com\u200b", "a@b.com.\u200b", "a@\u2060b.com",
    "a@b\u00a0c.com", "a@b\u3000c.com", "a@\ufeffb.com", "\ufeffa@b.com",
    "a@\u0300b.com", "\u0300@b.com", "\u0300a@b.com", "a\u0300@b.com",
    "a.\u0300@b.com", "a@b\u0300.com", "a@\u200db.com", "a@b\u200dc.com",
    "a@\u0915\u094d\u200d\u0937.com", "a@\u0915\u200d\u0937.com",
    "a@\u0915\u094d\u200c\u0937.com", "a@\u0628\u200c\u0628.com",
    "a@\u0628\u200ca.com", "a@a\u200cb.com", "a@\u0628\u064e\u200c\u0628.com",
    "a@\u0628\u064e\u200c\u064e\u0628.com", "a@\u0627\u200c\u0628.com",
    "a@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "a@\u200c.com",
    "a@b\ufe0f.com", "a\ufe0f@b.com", "a@\u1806.com", "a@b\u034f.com",
    "a@\u115f.com", "a@\u3164.com", "a@\uffa0.com", "a@b\ue000.com",
    "\ue000@b.com", "a@b\U000e0001.com", "\U000e0001@b.com",
    "a@b\ufdd0.com", "\ufdd0@b.com", "a@\ufffd.com", "\ufffd@b.com",
    "\U0010ffff@b.com", "a@\U0010ffff.com", "a@\u0378.com", "\u0378@b.com",
    "\u2028@b.com", "a@\u2028.com", "\u2000@b.com", "\u2126@b.com",
    "\u212b@b.com", "\u1fef@b.com", "\u037e\u00e9@b.com", "\u0958@b.com",
    "a@\u0958.com", "\ufb1d@b.com", "a@\ufb1d.com", "\U0001d15e@b.com",
    "a@\U0001d15e.com", "a@\u2f868.com", "a@\U0002f868.com",
    "a@\u1e9e.com", "a@\u03c2.com", "a@\u0345.com", "a@\u0391\u0345.com",
]


def lengths():
    """Addresses around every limit."""
    for n in (1, 63, 64, 65, 100):
        yield "a" * n + "@example.com"
        yield "\u00e9" * n + "@example.com"
        yield "e\u0301" * (n // 2) + "@example.com"
        yield "e\u0301" * n + "@example.com"
        yield "\U0001d160" * (n // 2) + "@example.com"
        yield "\u5b57" * n + "@example.com"
        yield "\U00020000" * n + "@b.com"
        yield "x@" + "a" * n + ".com"
        yield "x@com." + "a" * n
    for n in range(48, 64):
        yield "x@" + "\u00fc" * n + ".com"
        yield "x@" + "\u5b57" * n + ".com"
        yield "x@" + "a" * n + "\u00fc.com"
        yield "x@" + "\u0434" * n + ".com"
        yield "x@xn--" + "a" * n + ".com"
    for local in (1, 2, 32, 63, 64):
        for total in range(246, 260):
            rest = total - local - 1
            domain = ""
            while rest > 64:
                domain += "d" * 59 + "."
                rest -= 60
            domain += "e" * max(rest - 4, 1) + ".com"
            yield "l" * local + "@" + domain
            yield "l" * (local - 1) + "\u00e9@" + domain
            yield "l" * local + "@\u00fc" + domain[1:]
            yield "l" * local + "@\u00ad" + domain
    for n in range(8, 64, 4):
        label = "\u5b57" * 14
        yield "l" * n + "@" + ".".join([label] * 5) + ".com"
        yield "\u00e9" * n + "@" + ".".join([label] * 5) + ".com"
        yield "l" * n + "@" + ".".join(["\u00fc" * 20] * (n // 4)) + ".com"
        yield "\u5b57" * n + "@" + ".".join(["\u00fc" * 20] * 4) + ".com"


def scripts():
    """Words of single scripts and mixtures of them, as labels."""
    words = ["abc", "\u00fcber", "\u03b2\u03cc\u03bb\u03bf\u03c2",
             "\u043f\u0440\u0438", "\u05d0\u05d1\u05d2", "\u0627\u0628\u062a",
             "\u0915\u094d\u0937", "\u0e01\u0e33", "\u4f8b\u5b50",
             "\u304b\u306a", "\ud55c\uad6d", "\u0531\u0565", "\u10d0\u10d1",
             "123", "\u0661\u0662", "\u06f1\u06f2", "-", "a-1", "\u0661",
             "\u0301", "\u200d", "\u00b7", "\u30fb", "\u05f3"]
    for a in words:
        for b in words:
            yield "x@" + a + b + ".com"
            yield "x@" + a + "." + b + ".com"
            yield a + b + "@example.com"
            yield "x@" + a + "." + b


def mutations(seeds, count):
    chars = random.Random(20261122)
    pieces = list("abzAZ019.-_+@!#%/\\\"' ()[],:;<>") + [
        "xn--", "..", "--", ".com", "@", "\u00e9", "e\u0301", "\u0301",
        "\u00df", "\u03c2", "\u200d", "\u200c", "\u094d", "\u00ad", "\u3002",
        "\uff0e", "\u05d0", "\u0628", "\u0661", "\u06f1", "\u00b7", "\u30fb",
        "\u4f8b", "\ud55c", "\u1100", "\U0001f600", "\u037e", "\u212a",
        "\u2024", "\u2488", "\uff21", "\u0130", "\u1e9e", "\x7f", "\t"]
    for _ in range(count):
        s = chars.choice(seeds)
        for _ in range(chars.randint(1, 3)):
            at = chars.randint(0, len(s))
            kind = chars.randint(0, 5)
            if kind <= 1:
                s = s[:at] + chars.choice(pieces) + s[at:]
            elif kind == 2:
                s = s[:at] + s[at + 1:]
            elif kind == 3:
                s = s[:at] + chars.choice(pieces) + s[at + 1:]
            elif kind == 4:
                other = chars.choice(seeds)
                s = s[:at] + other[chars.randint(0, len(other)):]
            else:
                cp = chars.choice([0x100, 0x800, 0x3000, 0x10000, 0x20000])
                cp = chars.randrange(1, cp)
                if not 0xd800 <= cp < 0xe000:
                    s = s[:at] + chr(cp) + s[at:]
        yield s


def a_labels(count):
    """xn-- labels of words, of noise, and with a character changed."""
    r = random.Random(7)
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-"
    ranges = [(0xe0, 0xff), (0x3b1, 0x3c9), (0x430, 0x44f), (0x5d0, 0x5ea),
              (0x627, 0x64a), (0x905, 0x939), (0x3042, 0x3093),
              (0x4e00, 0x9fa5), (0xac00, 0xd7a3), (0x61, 0x7a)]
    for i in range(count):
        if i % 3 == 0:
            label = "".join(r.choice(alphabet)
                            for _ in range(r.randint(1, 12)))
        else:
            word = ""
            for _ in range(r.randint(1, 6)):
                word += chr(r.randint(*r.choice(ranges)))
            label = word.encode("punycode").decode("ascii")
            if i % 3 == 2:
                at = r.randrange(len(label))
                label = label[:at] + r.choice(alphabet) + label[at + 1:]
        yield "x@xn--" + label + ".com"


def is_tried(cp):
    """Of what is all alike, ideographs, syllables and gaps, a part will do."""
    kind = unicodedata.category(chr(cp))
    return kind != "Cs" and (kind not in ("Lo", "Cn", "Co") or cp % 61 == 0)


def every_code_point():
    for place in ("a%sb@example.com", "%s@example.com", "x@a%sb.com",
                  "x@%s.com", "x@\u05d0%s\u05d0.com", "x@\u4e00%s.com",
                  "x@a.%s", "x@b%s"):
        for cp in range(1, 0x110000):
            if cp < 0x3400 or is_tried(cp):
                yield place % chr(cp)


def key_samples():
    """Texts that no rule accepts, in many spellings: rows of older systems."""
    r = random.Random(22)
    words = ["root", "\u0130x", "Stra\u00dfe", "STRASSE", "\u1e9e", "\u212a",
             "Jose\u0301", "JOS\u00c9", "\u039f\u0394\u03a5\u03a3\u03a3\u0395"
             "\u03a5\u03a3", "\u03bf\u03c2", "\u03a3", "\u13a0\uab70",
             "\u01c5", "\ufb01", "\u1fef", "\u0345", "\u1fbc", "\u1f88",
             "\ua7c5\ufb00", "\u1e9b\u0323", "\u0958", "\U0001d160",
             "\u10a0\u1c90", "\u0149", "\u01f0", "J\u030c", "I\u0307"]
    places = ["localhost", "corp.local", "host_name.example.com", "B\u00fccher"
              ".local", "xn--bcher-kva.local", "XN--BCHER-KVA.de", "\u03a3"
              "\u03a3.gr", "\u03c2.gr", "\u13a0.com", "\uab70.c_m", "",
              "[10.0.0.1]",
              "\u0130.com", "\u00df.de", "a b.com", "\u200b.com", "\ua7c5\ufb00"
              ".com", "xn--zca.test"]
    blanks = ["", " ", "\t\n", "\u3000", "\x1c", "\u2028"]
    for word in words:
        for place in places:
            yield word + "@" + place
            yield word.upper() + "@" + place.upper()
        yield word
        yield "@".join(r.choices(words, k=3))
        yield "".join(r.choices(words, k=r.randint(1, 60))) + "@b.com"
        yield r.choice(blanks) + word + r.choice(blanks) + "@b.com" + \
            r.choice(blanks)


def all_samples():
    base = BY_HAND + INVISIBLE + list(scripts())
    return (base + list(lengths()) + list(a_labels(3000)) +
            list(mutations(base, 12000)))
