"""The site: addresses, pages, forms. No rules stand here."""
